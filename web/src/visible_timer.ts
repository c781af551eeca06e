/**
 * A timer that pauses while the page is hidden. A page in the background sends no requests; when it
 * is shown again, an overdue timer fires at once.
 */
export class VisibleTimer {
  private handle_: ReturnType<typeof setTimeout> | null = null;
  private due_ = false;
  private action_: () => void = () => {};

  private readonly onVisibilityChange_ = (): void => {
    if (!document.hidden && this.due_) this.fire();
  };

  /** Replaces the earlier time. */
  set(delayMs: number, action: () => void): void {
    this.clear();
    this.action_ = action;
    document.addEventListener("visibilitychange", this.onVisibilityChange_);
    this.handle_ = setTimeout(() => {
      if (document.hidden) this.due_ = true;
      else this.fire();
    }, delayMs);
  }

  clear(): void {
    if (this.handle_ !== null) clearTimeout(this.handle_);
    this.handle_ = null;
    this.due_ = false;
    document.removeEventListener("visibilitychange", this.onVisibilityChange_);
  }

  private fire(): void {
    this.clear();
    this.action_();
  }
}
