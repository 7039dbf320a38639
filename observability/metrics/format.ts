/** How the numbers are written as text. */
export type MetricsFormat = "prometheus" | "openmetrics";
