import { BUDGET_PER_BYTE, BUDGET_START, BUDGET_START_BLOCKS, LEAST_COST, RESERVE_BLOCKS } from "../rules/budget.ts";

/** What one search may spend on false alarms. */
export class Budget {
  readonly #start: number;
  readonly #reserve: number;
  #spent = 0;
  /** Whether the budget was used up and its reserve has not filled yet. */
  #isResting = false;

  constructor(blockLength: number) {
    this.#start = Math.max(BUDGET_START, BUDGET_START_BLOCKS * blockLength);
    this.#reserve = RESERVE_BLOCKS * Math.max(blockLength, LEAST_COST);
  }

  /** Spends what a strong sum of `length` bytes costs. */
  spend(length: number): void {
    this.#spent += Math.max(length, LEAST_COST);
  }

  /** Whether it is used up at a position of the target. Once it is, it stays so until the reserve has filled. */
  isExhausted(position: number): boolean {
    const reserve = this.#isResting ? this.#reserve : 0;
    this.#isResting = this.#spent + reserve > this.#start + BUDGET_PER_BYTE * position;
    return this.#isResting;
  }
}
