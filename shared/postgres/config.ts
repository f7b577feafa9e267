/** The database that the `migrate` command works on. */
export const databaseUrl = process.env.DATABASE_URL;
