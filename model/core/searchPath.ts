/**
 * The search path of every script and command on a host. sudo's `secure_path` on the RHEL family and Amazon Linux lacks
 * /usr/local, and a plain user's path often lacks sbin. A shell reads it, between double quotes.
 */
export const searchPath =
  "/usr/local/sbin:/usr/local/bin:${PATH:-/usr/bin:/bin}:/usr/sbin:/usr/bin:/sbin:/bin";
