export interface GoModule {
  readonly name: string;
  /** The modules that the programs come from, and their versions. */
  readonly requires: Readonly<Record<string, string>>;
  /** The version of Go in go.mod, and what else it says. */
  readonly goMod: readonly string[];
  /** Modules of which files are used. */
  readonly files?: readonly string[];
  /** The text of main.go, for a program of our own. */
  readonly source?: string;
  readonly programs: readonly GoProgram[];
}

export interface GoProgram {
  readonly name: string;
  readonly package: string;
  /** How long it takes to build on two processors, after those before it. */
  readonly minutes: number;
  /** Values of variables, by their names. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Build tags. */
  readonly tags?: readonly string[];
}
