/** A page that is one form: what it makes or changes, what was refused of it, its fields, and the way back without it. */
import type { Children } from "@kitajs/html";
import { ActionForm, FormActions } from "./form.tsx";
import { PageHead } from "./head.tsx";
import { Notice } from "./states.tsx";

interface FormPageProps {
  readonly title: string;
  readonly lead: string;
  /** What the gateway refused. */
  readonly fault: string | null;
  /** Where the form goes. */
  readonly action: string;
  /** On the button: "Make key". */
  readonly verb: string;
  readonly cancel: string;
  /** Buttons in the page's head. */
  readonly beside?: Children;
  readonly children: Children;
}

export function FormPage(props: FormPageProps) {
  const { title, lead, fault, action, verb, cancel, beside, children } = props;
  return (
    <div class="narrow">
      <PageHead title={title} lead={lead}>
        {beside}
      </PageHead>
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      <div class="panel">
        <ActionForm action={action}>
          {children}
          <FormActions verb={verb} cancel={cancel} />
        </ActionForm>
      </div>
    </div>
  );
}
