/**
 * Every operation that replication knows, done at one storage in steps. Changes of one file are in different steps,
 * because C loses them when they wait in one backlog (a truncate finds another size than it expects and is skipped).
 */
import type { RawClient } from "../raw-client.ts";
import { type Ledger, pattern } from "./ledger.ts";

export interface OperationsOptions {
  /** Makes every content of its own. */
  readonly seed: string;
  /** CREATE_LINK too. A C storage copies links with a command that C receivers break on. */
  readonly hasLinks: boolean;
}

/** One change or more at one storage; the next step expects that the others have it. */
export type Step = () => Promise<void>;

export function operationSteps(client: RawClient, ledger: Ledger, options: OperationsOptions): Step[] {
  const run = new Operations(client, ledger, options);
  return [
    () => run.uploads(),
    () => run.metadataChanges(),
    () => run.append(),
    () => run.modify(),
    () => run.truncate(),
    () => run.regenerate(),
    () => run.deletions(),
  ];
}

class Operations {
  readonly #client: RawClient;
  readonly #ledger: Ledger;
  readonly #options: OperationsOptions;
  #normal = "";
  #second = "";
  #appender = "";
  #toRegenerate = "";
  #link = "";
  readonly #doomed: string[] = [];

  constructor(client: RawClient, ledger: Ledger, options: OperationsOptions) {
    this.#client = client;
    this.#ledger = ledger;
    this.#options = options;
  }

  async uploads(): Promise<void> {
    await this.#upload(0, "", false);
    await this.#upload(1, "a", false);
    await this.#upload(5_000_011, "bin", false);
    this.#normal = await this.#upload(1500, "txt", false);
    this.#second = await this.#upload(70_000, "jpg", false);
    this.#appender = await this.#upload(2000, "log", true);
    this.#toRegenerate = await this.#upload(3000, "log", true);
    await this.#upload(0, "log", true);
    this.#doomed.push(await this.#upload(400, "tmp", false), await this.#upload(500, "tmp", true));
    await this.#slave(this.#normal, "_big");
    this.#doomed.push(await this.#slave(this.#normal, "_small"));
    for (const name of [this.#normal, this.#second, this.#appender, ...this.#doomed]) {
      await this.#client.setMetadata(name, "O", { width: "1024", author: this.#options.seed });
      this.#ledger.metadata.set(name, `author\x02${this.#options.seed}\x01width\x021024`);
    }
    if (!this.#options.hasLinks) return;
    this.#link = await this.#makeLink(this.#normal);
    this.#doomed.push(await this.#makeLink(this.#second));
  }

  async metadataChanges(): Promise<void> {
    await this.#client.setMetadata(this.#normal, "M", { title: "图片", width: "7" });
    this.#ledger.metadata.set(this.#normal, `author\x02${this.#options.seed}\x01title\x02图片\x01width\x027`);
    await this.#client.setMetadata(this.#second, "O", {});
    this.#ledger.metadata.delete(this.#second);
    await this.#client.setMetadata(this.#appender, "O", { only: "this" });
    this.#ledger.metadata.set(this.#appender, "only\x02this");
  }

  async append(): Promise<void> {
    for (const name of [this.#appender, this.#toRegenerate]) {
      const more = pattern(70_001, `${name} more`);
      await this.#client.append(name, more);
      this.#ledger.files.set(name, Buffer.concat([this.#content(name), more]));
    }
  }

  async modify(): Promise<void> {
    const bytes = Buffer.from(this.#content(this.#appender));
    const patch = pattern(300, `${this.#appender} patch`);
    await this.#client.modify(this.#appender, 100, patch);
    patch.copy(bytes, 100);
    this.#ledger.files.set(this.#appender, bytes);
    const grown = this.#content(this.#toRegenerate);
    await this.#client.modify(this.#toRegenerate, grown.length, patch);
    this.#ledger.files.set(this.#toRegenerate, Buffer.concat([grown, patch]));
  }

  async truncate(): Promise<void> {
    await this.#client.truncate(this.#appender, 1234);
    this.#ledger.files.set(this.#appender, this.#content(this.#appender).subarray(0, 1234));
    const before = this.#content(this.#toRegenerate);
    await this.#client.truncate(this.#toRegenerate, before.length + 50);
    this.#ledger.files.set(this.#toRegenerate, Buffer.concat([before, Buffer.alloc(50)]));
  }

  async regenerate(): Promise<void> {
    const name = await this.#client.regenerate(this.#toRegenerate);
    this.#ledger.files.set(name, this.#content(this.#toRegenerate));
    this.#ledger.remove(this.#toRegenerate);
  }

  async deletions(): Promise<void> {
    for (const name of this.#doomed) {
      await this.#client.remove(name);
      this.#ledger.remove(name);
    }
    // A link outlives changes of other files and is read through.
    if (this.#link !== "") this.#ledger.files.set(this.#link, this.#content(this.#normal));
  }

  async #upload(size: number, extension: string, isAppender: boolean): Promise<string> {
    const bytes = pattern(size, `${this.#options.seed} ${size}`);
    const name = await this.#client.upload(bytes, extension, isAppender);
    this.#ledger.files.set(name, bytes);
    return name;
  }

  async #slave(master: string, prefix: string): Promise<string> {
    const bytes = pattern(900, `${this.#options.seed} ${prefix}`);
    const name = await this.#client.uploadSlave(master, prefix, "txt", bytes);
    this.#ledger.files.set(name, bytes);
    return name;
  }

  async #makeLink(source: string): Promise<string> {
    const name = await this.#client.link(source, "lnk");
    this.#ledger.files.set(name, this.#content(source));
    return name;
  }

  #content(name: string): Buffer {
    const bytes = this.#ledger.files.get(name);
    if (bytes === undefined) throw new Error(`The ledger has no file ${name}`);
    return bytes;
  }
}
