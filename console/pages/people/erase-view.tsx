/** Before a content key is destroyed. */
import { Confirm } from "../../components/confirm.tsx";
import type { Kind, Subject } from "./kind.ts";

export function eraseView(kind: Kind, subject: Subject, fault: string | null): JSX.Element {
  const { id, name, claimed_through: through } = subject;
  const path = `/${kind}s/${encodeURIComponent(name)}`;
  return (
    <Confirm
      title={`Erase the content of ${name}?`}
      consequences={[
        `The content key of this ${kind} is destroyed. Every prompt and answer sealed under it becomes unreadable at once: in the traces, in the content store, and in their backups.`,
        "Nothing brings it back. Only copies of subjects.sqlite made before still open it, together with the master key.",
        through === null
          ? "The spend ledger keeps its figures: it holds no content."
          : `This is the content that came through ${through}, whose app said the name. The spend ledger keeps its figures.`,
        "It stands in the audit log, with your name.",
      ]}
      action={`${path}/erase`}
      fields={{ subject: id }}
      verb="Destroy the key"
      isDangerous
      typed={name}
      cancel={path}
      fault={fault}
    />
  );
}
