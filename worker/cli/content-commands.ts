/** The commands about sealed content, loaded when one is asked for. */
export { runAudit } from "./audit-import.ts";
export { runDecrypt } from "./content/decrypt.ts";
export { runInspect } from "./content/inspect.ts";
export { runMasterKeys } from "./master-keys.ts";
export { runSubjects } from "./subjects.ts";
