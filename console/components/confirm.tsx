/** The page between a wish and its fulfilment: says what will happen, and asks once more. It needs no script. */
import { PageHead } from "./head.tsx";
import { ActionForm, FormActions, Hidden, TextField } from "./form.tsx";
import { Notice } from "./states.tsx";

interface ConfirmProps {
  /** As a question: "Revoke this key?" */
  readonly title: string;
  /** What happens then, a sentence each. */
  readonly consequences: readonly string[];
  /** Where the form goes. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** On the button: the verb itself, "Revoke key". */
  readonly verb: string;
  readonly isDangerous?: boolean;
  /** For what nothing brings back: to be typed first. The action MUST check it with `isConfirmed`. */
  readonly typed?: string;
  readonly cancel: string;
  /** Why it was refused. */
  readonly fault?: string | null;
}

export function Confirm(props: ConfirmProps) {
  const { title, consequences, action, fields, verb, typed, cancel, fault = null } = props;
  return (
    <div class="narrow">
      <PageHead title={title} />
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      <div class="panel">
        <ul class="consequences">
          {consequences.map((text) => (
            <li safe>{text}</li>
          ))}
        </ul>
        <ActionForm action={action}>
          {Object.entries(fields).map(([name, value]) => (
            <Hidden name={name} value={value} />
          ))}
          {typed === undefined ? null : (
            <TextField name="typed" label={`Type ${typed} to confirm`} isRequired />
          )}
          <FormActions
            verb={verb}
            kind={props.isDangerous === true ? "danger" : "main"}
            cancel={cancel}
          />
        </ActionForm>
      </div>
    </div>
  );
}

export function isConfirmed(form: URLSearchParams, typed: string): boolean {
  return form.get("typed")?.trim() === typed;
}
