/** What a command and its options are, as data. Parsing, help and running read it. */

/** How the program is called: as what it is, or as rdiff, which it then is in everything. */
export interface Dialect {
  /** What messages and help call the program. */
  readonly name: string;
  /** Whether formats, lengths, options, numbers and exit codes are those of rdiff. */
  readonly isRdiff: boolean;
  /** All commands, in the order of help. */
  readonly commands: readonly CommandSpec[];
}

/** One option: how it is written, what its value means, and what help says of it. */
export interface OptionSpec<T = unknown> {
  /** The long name, without dashes. Options of one name are the same option in each command, but for their `help`. */
  readonly name: string;
  /** The letter of the short form. */
  readonly short?: string;
  /** Other names. Those of one letter are short forms. */
  readonly aliases?: readonly string[];
  /** What help calls the value. Undefined if the option takes none. */
  readonly value?: string;
  /** Whether it is on or off: `--no-NAME` turns it off. */
  readonly isSwitch?: boolean;
  /** Whether the value names a file, for completion. */
  readonly isFile?: boolean;
  /** The values that the option accepts, if they can be listed. */
  readonly choices?: readonly string[];
  /** One line, without a period. */
  readonly help: string;
  /**
   * Converts the value, which is empty if the option takes none, and `no` if a switch is turned off.
   *
   * @param isRdiff Whether to accept what rdiff accepts, and nothing else.
   * @throws {CliError} If the value means nothing.
   */
  parse(value: string, isRdiff: boolean): T;
  /** Joins the values of an option that may be given several times. Of others, the last one counts. */
  join?(before: T, value: T): T;
}

/** The options of one command line. */
export class OptionValues {
  readonly #values = new Map<string, unknown>();

  /** The value of an option, or undefined if it was not given. */
  get<T>({ name }: OptionSpec<T>): T | undefined {
    return this.#values.get(name) as T | undefined;
  }

  /** Sets the value of an option, or adds to it. */
  set<T>(spec: OptionSpec<T>, value: T): void {
    const before = this.get(spec);
    this.#values.set(spec.name, before !== undefined && spec.join ? spec.join(before, value) : value);
  }
}

/** What a command gets to work with. */
export interface Invocation {
  readonly dialect: Dialect;
  readonly operands: readonly string[];
  readonly options: OptionValues;
  /** Ends the run early. */
  readonly signal: AbortSignal | undefined;
}

/** What an operand is, for completion: a file, a folder, something that cannot be listed, or one of a few words. */
export type OperandKind = "file" | "folder" | "any" | readonly string[];

/** One command. */
export interface CommandSpec {
  readonly name: string;
  /** The operands, as help shows them. */
  readonly usage: string;
  /** How many operands it takes. */
  readonly operands: { readonly min: number; readonly max: number };
  /** What each operand is. The last kind counts for all that follow. By default they are files. */
  readonly operandKinds?: readonly OperandKind[];
  /** What it does, in one line that continues its name. */
  readonly summary: string;
  /** What its help says above the options: paragraphs. Their lines are broken anew. */
  readonly details: string;
  /** Command lines that can be pasted into a shell. */
  readonly examples: readonly string[];
  /** Its options, in the order of help. */
  readonly options: readonly OptionSpec[];
  /** Whether its operands have to be named: none of them may be the standard input or output. */
  readonly needsNames?: boolean;
  /** Options that are accepted, ignored and left out of help. */
  readonly ignoredOptions?: readonly OptionSpec[];
  /** Does the work. */
  run(invocation: Invocation): Promise<void>;
}
