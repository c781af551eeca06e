/**
 * The waveform above the player's own controls: the played part in one colour, the rest in another. A
 * press seeks. It is hidden from keyboard and screen reader, which use the slider of the audio
 * element for the same.
 *
 * Without peaks there is no waveform; the recording plays, and no message is shown.
 */

import type { Api } from "./api";
import { h, setAttribute } from "./dom";
import { barsOf, type Bar, type Waveform } from "./peaks";
import { VisibleTimer } from "./visible_timer";

/** A bar and the gap after it, in CSS pixels. */
const kBarWidth = 2;
const kBarStep = 3;
/** Requests for the peaks of a recording that was just stored; they take a second or two. */
const kQuestionsMax = 20;
const kAskAgainMs = 1000;

export class WaveformView {
  readonly element: HTMLCanvasElement;

  private sid_: string | null = null;
  private waveform_: Waveform | null = null;
  private bars_: Bar[] = [];
  private readonly repeat_ = new VisibleTimer();

  constructor(
    private readonly api_: Api,
    private readonly audio_: HTMLAudioElement,
  ) {
    this.element = h("canvas", {
      class: "waveform",
      attributes: { "aria-hidden": "true", hidden: true },
      on: { click: (event) => this.seek(event) },
    });
    for (const type of ["timeupdate", "seeking", "ended", "loadedmetadata"]) {
      audio_.addEventListener(type, () => this.paint());
    }
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  /** Shows the waveform of this recording as soon as there is one; null hides it. */
  show(sid: string | null): void {
    if (sid === this.sid_) return;
    this.sid_ = sid;
    this.waveform_ = null;
    this.repeat_.clear();
    setAttribute(this.element, "hidden", true);
    if (sid !== null) void this.ask(sid, 1);
  }

  private async ask(sid: string, question: number): Promise<void> {
    const answer = await this.api_.waveform(sid);
    if (this.sid_ !== sid) return;
    if (answer === "pending" && question < kQuestionsMax) {
      this.repeat_.set(kAskAgainMs, () => void this.ask(sid, question + 1));
    }
    if (answer === null || answer === "pending") return;
    this.waveform_ = answer;
    setAttribute(this.element, "hidden", false);
    this.measure();
  }

  /** Fits the drawing to the element's size on this screen. */
  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (this.waveform_ === null || width === 0) return;
    this.element.width = Math.round(width * devicePixelRatio);
    this.element.height = Math.round(height * devicePixelRatio);
    this.bars_ = barsOf(this.waveform_, Math.max(1, Math.floor(width / kBarStep)));
    this.paint();
  }

  private paint(): void {
    const context = this.element.getContext("2d");
    const waveform = this.waveform_;
    if (context === null || waveform === null) return;
    const { width, height } = this.element;
    const style = getComputedStyle(this.element);
    const played = style.getPropertyValue("--accent");
    const rest = style.getPropertyValue("--line-strong");
    const middle = height / 2;
    const step = width / this.bars_.length;
    const barWidth = Math.max(1, (step * kBarWidth) / kBarStep);
    const playedBars = (this.audio_.currentTime / waveform.duration) * this.bars_.length;
    context.clearRect(0, 0, width, height);
    this.bars_.forEach(({ up, down }, index) => {
      context.fillStyle = index < playedBars ? played : rest;
      // Silence is a thin line, so that the recording's length shows.
      const top = Math.max(devicePixelRatio / 2, up * middle);
      const bottom = Math.max(devicePixelRatio / 2, down * middle);
      context.fillRect(index * step, middle - top, barWidth, top + bottom);
    });
  }

  private seek(event: MouseEvent): void {
    const { left, width } = this.element.getBoundingClientRect();
    if (this.waveform_ === null || width === 0) return;
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    this.audio_.currentTime = share * this.waveform_.duration;
  }
}
