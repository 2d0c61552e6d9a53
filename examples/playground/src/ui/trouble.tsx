/** What went wrong, in words. */
export function Trouble({ message }: { message: string | undefined }) {
  return message ? <p role="alert" class="error">{message}</p> : null;
}
