/**
 * Who runs the command, as the system knows them: by the process's number, since Bun's `userInfo` believes the variable `USER`, which
 * everyone can set and a service has not.
 */

/** Of Bun, where `USER` is not set. */
const NOBODY = "unknown";

/**
 * @param passwd of `/etc/passwd`; empty where there is none
 * @param fallback the runtime's own answer, for systems that keep their users elsewhere
 * @throws Error where the system knows no name
 */
export function userNameOf(uid: number, passwd: string, fallback: string): string {
  for (const line of passwd.split("\n")) {
    const [name = "", , id] = line.split(":");
    if (id === String(uid) && name !== "") return name;
  }
  if (fallback === "" || fallback === NOBODY) throw new Error("the system knows no name");
  return fallback;
}
