/**
 * How often anyone has begun to watch any runner: what runs over and over asks its
 * machine who watches only where this has changed.
 */
export const watching = { times: 0 };
