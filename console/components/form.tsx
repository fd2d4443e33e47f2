/** Form fields, each with its label, its hint, and what is wrong with it. They work as plain forms; scripts only spare a click. */
import type { Children } from "@kitajs/html";

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** What the gateway refused about it. */
  readonly fault?: string | null;
  /** Tells two fields of one name apart. */
  readonly suffix?: string;
}

interface TextFieldProps extends FieldProps {
  readonly value?: string;
  readonly type?: "text" | "password" | "search" | "date" | "number" | "datetime-local";
  readonly isRequired?: boolean;
  readonly placeholder?: string;
  /** What a browser may fill in; default: nothing. */
  readonly autocomplete?: string;
  /** What to choose from, beside typing. */
  readonly choices?: readonly string[];
}

export function TextField(props: TextFieldProps) {
  const { name, label, value = "", type = "text", placeholder, choices } = props;
  const id = `field-${name}${props.suffix ?? ""}`;
  return (
    <div class="field">
      <label for={id} safe>
        {label}
      </label>
      <input
        id={id}
        name={name}
        type={type}
        value={value}
        required={props.isRequired === true}
        autocomplete={props.autocomplete ?? "off"}
        spellcheck="false"
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(choices === undefined ? {} : { list: `${id}-list` })}
        {...described(id, props)}
      />
      {choices === undefined ? null : (
        <datalist id={`${id}-list`}>
          {choices.map((choice) => (
            <option value={choice} />
          ))}
        </datalist>
      )}
      <FieldNotes id={id} {...props} />
    </div>
  );
}

interface AreaProps extends FieldProps {
  readonly value?: string;
  readonly rows?: number;
  readonly placeholder?: string;
}

/** Lists, a line each, and files that are pasted. */
export function AreaField(props: AreaProps) {
  const { name, label, value = "", rows = 3, placeholder } = props;
  const id = `field-${name}${props.suffix ?? ""}`;
  return (
    <div class="field">
      <label for={id} safe>
        {label}
      </label>
      <textarea
        id={id}
        name={name}
        rows={String(rows)}
        spellcheck="false"
        {...(placeholder === undefined ? {} : { placeholder })}
        {...described(id, props)}
        safe
      >
        {value}
      </textarea>
      <FieldNotes id={id} {...props} />
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

interface SelectProps extends FieldProps {
  readonly value: string;
  readonly choices: readonly Choice[];
  /** Sends the form at once, where scripts run. */
  readonly submits?: boolean;
}

export function SelectField(props: SelectProps) {
  const { name, label, value, choices, submits = false } = props;
  const id = `field-${name}${props.suffix ?? ""}`;
  return (
    <div class="field">
      <label for={id} safe>
        {label}
      </label>
      <select
        id={id}
        name={name}
        {...(submits ? { "data-submit": "" } : {})}
        {...described(id, props)}
      >
        {choices.map((choice) => (
          <option value={choice.value} selected={choice.value === value} safe>
            {choice.label}
          </option>
        ))}
      </select>
      <FieldNotes id={id} {...props} />
    </div>
  );
}

interface CheckProps extends FieldProps {
  readonly isChecked: boolean;
}

export function CheckField(props: CheckProps) {
  const { name, label, isChecked } = props;
  const id = `field-${name}${props.suffix ?? ""}`;
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        name={name}
        value="true"
        checked={isChecked}
        {...described(id, props)}
      />
      <label for={id} safe>
        {label}
      </label>
      <FieldNotes id={id} {...props} />
    </div>
  );
}

function described(id: string, { hint, fault }: FieldProps) {
  const isFaulty = fault !== undefined && fault !== null;
  const ids = [hint === undefined ? [] : [`${id}-hint`], isFaulty ? [`${id}-fault`] : []].flat();
  return {
    ...(ids.length === 0 ? {} : { "aria-describedby": ids.join(" ") }),
    ...(isFaulty ? { "aria-invalid": "true" as const } : {}),
  };
}

function FieldNotes({ id, hint, fault }: FieldProps & { readonly id: string }) {
  return (
    <>
      {hint === undefined ? null : (
        <p class="field-hint" id={`${id}-hint`} safe>
          {hint}
        </p>
      )}
      {fault === undefined || fault === null ? null : (
        <p class="field-fault" id={`${id}-fault`} safe>
          {fault}
        </p>
      )}
    </>
  );
}

export function Hidden({ name, value }: { readonly name: string; readonly value: string }) {
  return <input type="hidden" name={name} value={value} />;
}

interface ButtonProps {
  readonly label: string;
  /** `main`: the one thing to do here; `danger`: it can't be undone. */
  readonly kind?: "main" | "danger" | "plain";
}

export function Submit({ label, kind = "main" }: ButtonProps) {
  return (
    <button type="submit" class={`button ${kind}`} safe>
      {label}
    </button>
  );
}

interface FormActionsProps {
  readonly verb: string;
  readonly kind?: ButtonProps["kind"];
  /** Where the way back leads. */
  readonly cancel: string;
}

/** What ends a form: to do it, or to leave it. */
export function FormActions({ verb, kind = "main", cancel }: FormActionsProps) {
  return (
    <div class="actions">
      <Submit label={verb} kind={kind} />
      <a class="button" href={cancel}>
        Cancel
      </a>
    </div>
  );
}

interface ActionFormProps {
  readonly action: string;
  readonly children?: Children;
}

/** A form that changes something. */
export function ActionForm({ action, children }: ActionFormProps) {
  return (
    <form class="form" method="post" action={action}>
      {children}
    </form>
  );
}

interface AskFormProps extends ActionFormProps {
  readonly verb: string;
}

/** Leads to the page on which a change is confirmed. */
export function AskForm({ action, verb, children }: AskFormProps) {
  return (
    <form class="form" method="get" action={action}>
      {children}
      <Submit label={verb} kind="plain" />
    </form>
  );
}

/** Filters of a page: kept in its address, so that a link shows the same to others. */
export function FilterForm({ action, children }: ActionFormProps) {
  return (
    <form class="filters" method="get" action={action} role="search" aria-label="Filters">
      {children}
      <button type="submit" class="button">
        Apply
      </button>
    </form>
  );
}
