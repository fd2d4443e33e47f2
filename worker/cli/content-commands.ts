/** The commands about sealed content, loaded when one is asked for. */
export { runMasterKeys } from "./master-keys.ts";
export { runSubjects } from "./subjects.ts";
