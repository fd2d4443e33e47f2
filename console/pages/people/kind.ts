/** Users and teams are alike but for their name. */
import type { AdminApi } from "../../api.ts";

export type Kind = "user" | "team";

type SubjectsAnswer = NonNullable<Awaited<ReturnType<AdminApi["subjects"]["get"]>>["data"]>;
export type Subject = SubjectsAnswer["subjects"][number];
type PeopleAnswer = NonNullable<Awaited<ReturnType<AdminApi["users"]["get"]>>["data"]>;
export type Person = PeopleAnswer["users"][number];
type RecordsAnswer = NonNullable<Awaited<ReturnType<AdminApi["spend"]["records"]["get"]>>["data"]>;
export type LedgerRecord = RecordsAnswer["records"][number];
export type SpendReport = NonNullable<Awaited<ReturnType<AdminApi["spend"]["get"]>>["data"]>;
