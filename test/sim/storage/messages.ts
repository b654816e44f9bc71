// What clients and other storages ask of a simulated storage. Fields are those of the commands; content is text.

export type ClientRequest =
  | { readonly kind: "upload"; readonly isAppender: boolean; readonly content: string }
  | { readonly kind: "uploadSlave"; readonly master: string; readonly content: string }
  | { readonly kind: "append"; readonly name: string; readonly content: string }
  | { readonly kind: "modify"; readonly name: string; readonly offset: number; readonly content: string }
  | { readonly kind: "truncate"; readonly name: string; readonly size: number }
  | { readonly kind: "regenerate"; readonly name: string }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "setMetadata"; readonly name: string; readonly isMerge: boolean; readonly items: string }
  | { readonly kind: "link"; readonly source: string }
  | { readonly kind: "download"; readonly name: string };

interface Timed {
  readonly timestamp: number;
  readonly name: string;
}

export type PeerRequest =
  | { readonly kind: "announce"; readonly id: string }
  | { readonly kind: "size"; readonly name: string }
  | (Timed & {
      readonly kind: "copy";
      readonly isUpdate: boolean;
      readonly content: string;
      /** The source believes that it is here: no content came. */
      readonly isAnnouncedOnly: boolean;
    })
  | (Timed & { readonly kind: "append" | "modify"; readonly offset: number; readonly content: string })
  | (Timed & { readonly kind: "truncate"; readonly oldSize: number; readonly newSize: number })
  | (Timed & { readonly kind: "delete" })
  | (Timed & { readonly kind: "link" | "rename"; readonly otherName: string });

export type StorageRequest =
  | (ClientRequest & { readonly from: "client"; readonly id: number })
  | (PeerRequest & { readonly from: "peer" });

export interface StorageAnswer {
  readonly status: number;
  /** A new name, or content. */
  readonly text: string;
  /** Of the file, where it was asked for. */
  readonly size: number;
}

export const answer = (status: number, text = "", size = 0): StorageAnswer => ({ status, text, size });
