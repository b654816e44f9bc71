// The defences against two allocators at once, each of which a run can do without: so the simulation shows what each one is
// for, and that it would tell if one were missing.

export interface TrunkRules {
  /** Before a slot is written: its whole range must be zero (ours), or only what of the header C looks at. */
  readonly checksRange: "all" | "header";
  /** A replica whose slot is in use becomes a stray; C writes over what is there. */
  readonly checksReplicas: boolean;
  /** What a deletion fills with zeros: the whole slot (C), or header and content. */
  readonly clears: "slot" | "content";
  /**
   * Content whose CRC is not that of its header has another file's slot within: a deletion clears the header alone, and it is
   * not sent to others.
   */
  readonly checksContent: boolean;
  /** The role rests while the leading tracker has not been heard. */
  readonly isFenced: boolean;
  /** Slots of an earlier term are refused. */
  readonly hasTerms: boolean;
  /** Inherited free space waits until the others have delivered. */
  readonly hasQuarantine: boolean;
  /** Before inherited space is handed out, this storage looks from header to header what of it is in use on its own disk. */
  readonly walksInherited: boolean;
  /**
   * A slot that turns out to be in use, or comes back while the trunk server has not got its file, shows that the map may be
   * wrong: the trunk server walks through that trunk file.
   */
  readonly walksCollisions: boolean;
  /** A copy that comes so late that its slot may have been given to a younger file is checked by a walk, too. */
  readonly walksLate: boolean;
  /** A slot of another storage that was not confirmed when the uploader died is cleared at its start; else it gets a record. */
  readonly clearsUnconfirmed: boolean;
  /** A trunk file is used only when the leading tracker knows its id. */
  readonly reportsIds: boolean;
  /** Some files contain long runs of zeros, which look like free space. */
  readonly zeroRuns: boolean;
}

export const ALL_RULES: TrunkRules = {
  checksRange: "all",
  checksReplicas: true,
  clears: "content",
  checksContent: true,
  isFenced: true,
  hasTerms: true,
  hasQuarantine: true,
  walksInherited: true,
  walksCollisions: true,
  walksLate: true,
  clearsUnconfirmed: true,
  reportsIds: true,
  zeroRuns: true,
};

/** What each storage checks for itself: nothing prevents two allocators from giving out the same bytes. */
export const LOCAL_RULES: TrunkRules = {
  ...ALL_RULES,
  isFenced: false,
  hasTerms: false,
  hasQuarantine: false,
  walksInherited: false,
  walksCollisions: false,
  walksLate: false,
  reportsIds: false,
  zeroRuns: false,
};

export const C_RULES: TrunkRules = {
  ...LOCAL_RULES,
  checksRange: "header",
  checksReplicas: false,
  clears: "slot",
  checksContent: false,
};
