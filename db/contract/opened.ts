/** How a contract suite gets at the database that it is run on. */
import type { Store } from "../store.ts";

/** What both databases have. */
export type ContractStore = Omit<Store, "content" | "journal" | "shared" | "close">;

/** One empty store a test. */
export interface Opened {
  readonly store: ContractStore;
  /** Closes the store and takes away what it wrote. */
  remove(): Promise<void>;
}

export type Open = () => Promise<Opened>;
