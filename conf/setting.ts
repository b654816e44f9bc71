// The shape of one entry of the settings table and the types that follow from a table. Kinds of values are in kinds.ts, the
// entries in table/, reading a document with a table in read-table.ts.

import type { ConfValue } from "./ini-adapter.ts";

/** How a kind tells that a text is doubtful (the setting gets some value) or wrong (the file cannot be used). */
export interface Reporter {
  warn(value: ConfValue, found: string, parts?: { allowed?: string; remedy?: string }): void;
  fail(value: ConfValue, found: string, parts?: { allowed?: string; remedy?: string }): void;
}

/** What every entry says beside its kind. */
export interface SettingFacts {
  /** The key as it stands in the file; `store_path{N}` for a family of numbered keys. */
  readonly key: string;
  readonly doc: string;
  /** FastDFS version that brought it; absent for those that were always there. */
  readonly since?: string;
  /** Why the key is accepted and does nothing here. */
  readonly noMeaning?: string;
  /** Shown in the sample file where there is no default, or where it says more than the default. */
  readonly example?: string | readonly string[];
  /** The sample file sets the key to its example: nearly everybody needs it. */
  readonly isSetInSample?: true;
}

export interface Setting<Value> extends SettingFacts {
  /** Kind of value in words: `seconds`, `size`. */
  readonly kind: string;
  /** Values allowed, in words. */
  readonly allowed: string;
  /** May be given several times. */
  readonly repeats: boolean;
  /** The key must be in the file. */
  readonly required: boolean;
  /** The family's keys, with the number as first group; absent for a plain key. */
  readonly pattern?: RegExp;
  /** A key of a section that may stand in the global part as well. */
  readonly fallsBackToGlobal?: true;
  /** The value without the key. Called for every reading: it may ask the machine. */
  missing(): Value;
  /** Default in words where it is no fixed text. */
  readonly missingText?: string;
  /** `values` has at least one element, in file order. */
  parse(values: readonly ConfValue[], reporter: Reporter): Value;
  /** The value as texts of a settings file, one for each occurrence. */
  format(value: Value): readonly string[];
}

export type SettingGroup = Readonly<Record<string, Setting<unknown>>>;

/** A settings file: its global part and its sections. Field names are those of the settings object. */
export interface ConfTable<
  Global extends SettingGroup = SettingGroup,
  Sections extends Readonly<Record<string, ConfSection>> = Readonly<Record<string, ConfSection>>,
> {
  readonly name: ConfKind;
  readonly global: Global;
  readonly sections: Sections;
}

export interface ConfSection<Settings extends SettingGroup = SettingGroup> {
  /** Name in brackets. */
  readonly section: string;
  readonly doc: string;
  readonly settings: Settings;
}

export type ConfKind = "tracker" | "storage" | "client";

export type ValuesOf<Group extends SettingGroup> = {
  readonly [Field in keyof Group]: Group[Field] extends Setting<infer Value> ? Value : never;
};

/** The settings object that a table gives. */
export type SettingsOf<Table extends ConfTable> = ValuesOf<Table["global"]> & {
  readonly [Field in keyof Table["sections"]]: ValuesOf<Table["sections"][Field]["settings"]>;
};
