/** A path of ours that a page was asked to go on to, never an address elsewhere. */
export const localPath = (path: string | undefined): string =>
  path !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,2000}$/.test(path) ? path : "/";
