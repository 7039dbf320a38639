/**
 * When a child that has ended is started again: `permanent` always, `transient`
 * if it failed, `temporary` never.
 */
export type RestartType = "permanent" | "transient" | "temporary";
