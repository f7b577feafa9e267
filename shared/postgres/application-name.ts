/**
 * Returns the `application_name` of a session, so that whoever looks at a server's sessions knows which are ours.
 * @param name who connects and what for, such as "order saga"
 */
export const applicationName = (name: string): string => `chandlery ${name}`;
