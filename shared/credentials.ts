/** Who logs in, as a URL says it. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Returns the user and the password of a URL. Its %-escapes are UTF-8, for every program of ours and every server: RFC
 * 3986 leaves that open, and libraries differ.
 * @throws URIError for an escape that is none, which the settings refuse at start
 */
export function credentialsOf(url: string): Credentials {
  const { username, password } = new URL(url);
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** Whether the user, the password and the path of a URL can be decoded. */
export function isDecodable(url: string): boolean {
  try {
    credentialsOf(url);
    decodeURIComponent(new URL(url).pathname);
    return true;
  } catch (error) {
    return !(error instanceof URIError);
  }
}
