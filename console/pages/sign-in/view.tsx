/** The sign-in: by admin token, or by an account's name and password. */
import { Hidden, Submit, TextField } from "../../components/form.tsx";
import { Mark } from "../../components/icon.tsx";
import { Notice } from "../../components/states.tsx";

export interface SignInFault {
  readonly text: string;
  /** What was typed, to be typed no second time. */
  readonly name: string;
  /** Where the reader was going. */
  readonly to: string | null;
}

interface SignInProps {
  /** Where to go afterwards. */
  readonly to: string;
  readonly isSignedOut: boolean;
  /** The plain address at which nobody can sign in safely; null: it is fine. */
  readonly remedy: string | null;
  readonly fault: SignInFault | null;
}

export function SignIn({ to, isSignedOut, remedy, fault }: SignInProps) {
  return (
    <div class="sign-in">
      <div class="sign-in-head">
        <Mark />
        <h1>Sign in to Anyray</h1>
        <p class="muted">Who spends what, and what leaves. Never what was said.</p>
      </div>
      {isSignedOut && fault === null ? <Notice tone="good" title="You are signed out." /> : null}
      {fault === null ? null : <Notice tone="bad" title={fault.text} />}
      {remedy === null ? <Forms to={to} name={fault?.name ?? ""} /> : <Remedy origin={remedy} />}
    </div>
  );
}

function Forms({ to, name }: { readonly to: string; readonly name: string }) {
  return (
    <div class="panel">
      <form class="form" method="post" action="/sign-in">
        <Hidden name="to" value={to} />
        <TextField
          name="token"
          label="Admin token"
          type="password"
          hint="ANYRAY_ADMIN_TOKEN, in secrets.env of the gateway's data directory"
          autocomplete="current-password"
        />
        <Submit label="Sign in" />
      </form>
      <details class="other-way" open={name !== ""}>
        <summary>With a name and a password</summary>
        <form class="form" method="post" action="/sign-in">
          <Hidden name="to" value={to} />
          <TextField name="name" label="Name" value={name} autocomplete="username" isRequired />
          <TextField
            name="password"
            label="Password"
            type="password"
            autocomplete="current-password"
            isRequired
          />
          <Submit label="Sign in" />
        </form>
      </details>
    </div>
  );
}

/** On plain HTTP everyone on the way could read the token and the cookie; browsers refuse to keep the cookie at all. */
function Remedy({ origin }: { readonly origin: string }) {
  return (
    <Notice tone="warning" title="Signing in is off at this address">
      <p>
        <code safe>{origin}</code> is plain HTTP: a token typed here could be read on its way.
        Either
      </p>
      <ul>
        <li>
          put HTTPS in front (any reverse proxy) and set <code>ANYRAY_CONSOLE_URL</code> to the{" "}
          <code>https://</code> address, or
        </li>
        <li>
          open it at <code>localhost</code>, through <code>ssh -L 3000:localhost:3000</code> if the
          machine is elsewhere, with <code>ANYRAY_CONSOLE_URL</code> unset.
        </li>
      </ul>
    </Notice>
  );
}
