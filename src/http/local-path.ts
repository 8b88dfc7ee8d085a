/** A path of ours that a page was asked to go on to, never an address elsewhere. */
export const localPath = (path: string | undefined): string =>
  path !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,2000}$/.test(path) ? path : "/";

/** The page that is asked for, as a path to come back to. */
export function localPathOf({ req }: { req: { url: string } }): string {
  const { pathname, search } = new URL(req.url);
  return `${pathname}${search}`;
}
