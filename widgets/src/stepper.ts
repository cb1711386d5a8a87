// The Stepper: puts the panes together and keeps the one position that all of them show.
import { ArrayStore, fetcherOf } from "./arrays";
import { BackwardView } from "./backward_view";
import { type Context, parseKey } from "./context";
import { Debugger, type NodeAction } from "./debugger";
import { Diagnosing, readDiagnosis } from "./diagnosing";
import { Diagram } from "./diagram";
import { Disposer, h, setAttribute, unique } from "./dom";
import { Explanations } from "./explained";
import { FindBox } from "./find";
import { FindingsPane } from "./findings_pane";
import { ancestors, fold, initiallyOpen, isSmall, toggled, visibleKeys } from "./fold";
import { Help } from "./help";
import { Inspector } from "./inspector";
import { listenKeys } from "./keys";
import type { Kernel } from "./kernel";
import { LayoutEngine } from "./layout";
import { NodeMenu } from "./node_actions";
import type { NodeSpec, Payload } from "./payload";
import { PathLayer } from "./path_layer";
import { Player } from "./player";
import { readSession, type Session } from "./session";
import { SignsLayer } from "./signs_layer";
import { type Colour, SizesLayer } from "./sizes_layer";
import { SourcePane } from "./source";
import { Timeline } from "./state";
import type { Granularity, Way } from "./stepping";
import { resolveTheme, type Theme, type ThemeChoice, watchTheme } from "./theme";
import { TimelineBar } from "./timeline";
import { Toolbar } from "./toolbar";

export interface Options {
  session: Session;
  theme: ThemeChoice;
  /** CSS pixels of the whole; 0 lets the diagram decide */
  height: number;
  /** the page is the Stepper's own, so it may fill the window */
  page: boolean;
  kernel: Kernel | null;
  /** hears of every change of what is shared with Python */
  told?<Name extends keyof Session>(name: Name, value: Session[Name]): void;
}

const HEIGHT = { min: 230, max: 640, panes: 440 };

export class Stepper implements Context {
  readonly element: HTMLElement;
  readonly timeline: Timeline;
  readonly arrays: ArrayStore;
  readonly debug: Debugger;
  readonly diagnosing: Diagnosing;
  readonly explanations: Explanations;
  readonly id = unique("stepper");
  private readonly diagram: Diagram;
  private readonly inspector: Inspector;
  private readonly source: SourcePane;
  private readonly findings: FindingsPane;
  private readonly backward: BackwardView;
  private readonly path: PathLayer;
  private readonly signs: SignsLayer;
  private readonly sizes: SizesLayer;
  private readonly toolbar: Toolbar;
  private readonly bar: TimelineBar;
  private readonly finder: FindBox;
  private readonly help = new Help();
  private readonly player: Player;
  private readonly engine: LayoutEngine;
  private readonly live = h("div", { class: "gad-live", "aria-live": "polite", role: "status" });
  private readonly body = h("div", { class: "gad-body" });
  private readonly disposer = new Disposer();
  private readonly small: boolean;
  private at: number;
  private chosen = "";
  private open: Set<number>;
  private compact = false;
  private choice: ThemeChoice;
  private shade: Theme;
  private drawing = 0;
  private disposed = false;

  constructor(
    readonly payload: Payload,
    buffer: ArrayBuffer | DataView,
    private readonly options: Options,
  ) {
    this.timeline = new Timeline(payload);
    this.arrays = new ArrayStore(payload, buffer, fetcherOf(options.kernel));
    this.explanations = new Explanations(payload.explanations, options.kernel);
    this.debug = new Debugger(this, (what) => this.debugChanged(what));
    this.diagnosing = new Diagnosing(this, () => this.drawDiagnosis());
    this.engine = new LayoutEngine(payload);
    this.at = this.timeline.clamp(options.session.step);
    this.open = initiallyOpen(payload);
    this.choice = options.theme;
    this.shade = resolveTheme(options.theme);
    this.small = isSmall(payload);
    this.path = new PathLayer(this);
    this.signs = new SignsLayer(this, () => this.open);
    this.sizes = new SizesLayer(this, (on) => this.setColour(on ? "gradient" : "step"));
    this.diagram = new Diagram(this, [this.path, this.signs, this.sizes]);
    this.findings = new FindingsPane(this, (open) => this.showFindings(open));
    this.diagram.element.append(
      h("div", { class: "gad-corner gad-corner-top" }, this.findings.chip),
      this.sizes.control,
    );
    this.backward = new BackwardView(this, (graph, arrays, kernel) => this.inner(graph, arrays, kernel));
    this.sizes.control.append(this.backward.button);
    this.inspector = new Inspector(this, () => this.showPane("inspector", false));
    this.source = new SourcePane(this, () => this.showPane("source", false));
    this.bar = new TimelineBar(this);
    this.finder = new FindBox(this, (key) => this.find(key));
    this.player = new Player(
      () => this.playOn(),
      (playing) => this.toolbar.setPlaying(playing),
    );
    const moves = {
      first: (): void => this.goTo(0),
      back: (): void => this.debug.step(-1),
      forward: (): void => this.debug.step(1),
      over: (way: Way): void => this.debug.over(way),
      into: (way: Way): void => this.debug.into(way),
      out: (way: Way): void => this.debug.out(way),
      run: (way: Way): void => this.debug.run(way),
      help: (): void => this.help.toggle(),
      last: (): void => this.goTo(this.timeline.count),
      play: (): void => this.play(),
    };
    this.toolbar = new Toolbar(
      this,
      {
        ...moves,
        granularity: (granularity) => this.setGranularity(granularity),
        speed: (factor) => this.player.setSpeed(factor),
        compact: (on) => {
          this.compact = on;
          void this.draw(true);
        },
        pane: (name) => this.showPane(name, this[name].element.hidden),
        theme: () => this.setTheme(this.shade === "dark" ? "light" : "dark"),
      },
      this.finder.element,
    );
    this.body.append(
      this.source.element,
      this.diagram.element,
      this.findings.element,
      this.inspector.element,
    );
    this.element = h(
      "div",
      { class: "gad-stepper", "data-ready": "false", "data-steps": this.timeline.count },
      this.toolbar.element,
      h("div", { class: "gad-notes" }, ...payload.notes.map((note) => h("p", {}, note))),
      this.body,
      this.bar.element,
      this.live,
      this.help.element,
      this.backward.element,
    );
    const menu = new NodeMenu(this, this.element);
    this.element.append(menu.element);
    this.setHeight(options.height);
    this.showPane("source", !this.small && !this.source.empty);
    this.showPane("inspector", !this.small);
    for (const part of [
      this.diagram,
      this.inspector,
      this.findings,
      this.sizes,
      this.backward,
      this.source,
      this.toolbar,
      this.bar,
      this.finder,
      this.help,
      menu,
      this.player,
      this.engine,
    ]) {
      this.disposer.add(() => part.dispose());
    }
    this.disposer.add(
      listenKeys(
        this.element,
        {
          ...moves,
          finding: (way) => this.nextFinding(way),
          colour: () => this.setColour(this.sizes.on ? "step" : "gradient"),
          granularity: () => this.setGranularity(this.debug.nextGranularity),
          onNode: (action, element) => this.actOnNode(action, element),
          zoom: (factor) => this.diagram.zoom(factor),
          fit: () => this.diagram.fit(),
          find: () => this.finder.focus(),
          deselect: () => this.select(""),
          focusNext: (by) => this.diagram.focusNext(by),
          activate: (element) => this.diagram.activate(element),
        },
        options.page && document.querySelectorAll(".gad-payload").length === 1,
      ),
    );
    this.disposer.add(watchTheme(() => this.setTheme(this.choice)));
    this.applyTheme();
    this.updatePanes();
    this.take(options.session);
    void this.draw(true);
  }

  dispose(): void {
    this.disposed = true;
    this.disposer.dispose();
    this.element.remove();
  }

  get kernel(): Kernel | null {
    return this.options.kernel;
  }

  theme(): Theme {
    return this.shade;
  }

  position(): number {
    return this.at;
  }

  selected(): string {
    return this.chosen;
  }

  goTo(position: number): void {
    const to = this.timeline.clamp(position);
    const from = this.at;
    if (to === from) return;
    this.at = to;
    this.diagram.move(from, to);
    this.updatePanes();
    this.announce(this.timeline.sentence(to) ?? "at the start");
    this.revealStep();
    this.options.told?.("step", to);
  }

  /** Takes over what Python says, or what was saved. */
  take(session: Partial<Session>): void {
    const { step, selected, granularity, breakpoints, watches } = session;
    const { colour, diagnosis, finding } = session;
    if (diagnosis !== undefined) this.setDiagnosis(diagnosis, finding ?? -1);
    else if (finding !== undefined) this.diagnosing.open(finding);
    if (colour !== undefined) this.setColour(colour);
    if (step !== undefined) this.goTo(step);
    if (selected !== undefined) this.select(selected);
    if (granularity !== undefined) this.setGranularity(granularity);
    if (breakpoints !== undefined) this.debug.breakpoints.restore(breakpoints);
    if (watches !== undefined) this.debug.watch(watches);
    if (step !== undefined) this.debug.uncoverStop();
  }

  announce(text: string): void {
    this.live.textContent = text;
  }

  select(key: string): void {
    const node = parseKey(this.payload, key);
    const chosen = node === null ? "" : key;
    if (chosen === this.chosen && this.element.dataset.selected !== undefined) return;
    this.chosen = chosen;
    this.element.dataset.selected = chosen;
    this.highlight([]);
    if (chosen !== "") this.showPane("inspector", true);
    else if (this.small) this.showPane("inspector", false);
    this.inspector.update();
    this.markSelected();
    this.options.told?.("selected", chosen);
  }

  toggleGroup(group: number): void {
    this.open = toggled(this.open, group);
    void this.draw(false);
  }

  setTheme(choice: ThemeChoice): void {
    this.choice = choice;
    const shade = resolveTheme(choice);
    if (shade === this.shade) return;
    this.shade = shade;
    this.applyTheme();
    this.diagram.updateAll();
    this.inspector.update();
  }

  private setColour(colour: Colour): void {
    this.sizes.set(colour === "gradient");
    this.element.dataset.colour = this.sizes.on ? "gradient" : "step";
    this.options.told?.("colour", this.sizes.on ? "gradient" : "step");
  }

  private setDiagnosis(text: string, opened: number): void {
    this.diagnosing.set(readDiagnosis(text), opened);
    if (text !== "" && !this.small) this.showFindings(true);
  }

  setHeight(height: number): void {
    this.element.style.height = height > 0 ? `${height}px` : "";
    const fills = height === 0 && this.options.page;
    this.element.classList.toggle("gad-fixed", height > 0 || fills);
    this.element.classList.toggle("gad-fills", fills);
  }

  /** A Stepper on another graph, in the same colours. */
  private inner(payload: Payload, buffer: ArrayBuffer, kernel: Kernel | null): Stepper {
    const session = readSession((name) => (name === "step" ? payload.steps.length : undefined));
    return new Stepper(payload, buffer, { session, theme: this.shade, height: 0, page: false, kernel });
  }

  private applyTheme(): void {
    this.element.dataset.theme = this.shade;
  }

  private updatePanes(): void {
    this.element.dataset.step = String(Math.floor(this.at));
    const part = this.timeline.part(this.at);
    setAttribute(this.element, "data-part", part === null ? null : String(part.done));
    this.toolbar.update();
    this.bar.update();
    this.source.update();
    this.inspector.update();
  }

  private showPane(name: "source" | "inspector", open: boolean): void {
    this[name].element.hidden = !open;
    this.toolbar.setPane(name, open);
    this.element.dataset[name] = open ? "open" : "closed";
    if (open) this[name].update();
  }

  /** Lays the visible part out and builds the drawing; a newer call overtakes an older one. */
  private async draw(fit: boolean): Promise<void> {
    this.drawing += 1;
    const drawing = this.drawing;
    const scene = fold(this.payload, this.open, this.compact);
    const name = `${this.compact} ${[...this.open].sort((a, b) => a - b).join(" ")}`;
    const layout = await this.engine.layout(name, scene);
    if (this.disposed || drawing !== this.drawing) return;
    this.diagram.show(scene, layout);
    this.diagram.markBreakpoints(this.debug.marked());
    this.markSelected();
    if (this.element.dataset.ready !== "true") this.chooseHeight();
    if (fit || !this.diagram.movedByUser) this.diagram.fitReadable();
    this.revealStep();
    this.element.dataset.ready = "true";
  }

  /** Once, for the first drawing: later ones must not make the page jump. */
  private chooseHeight(): void {
    const wanted = this.diagram.naturalHeight(this.diagram.element.clientWidth || 600);
    const least = this.small ? HEIGHT.min : HEIGHT.panes;
    const height = Math.max(least, Math.min(HEIGHT.max, Math.round(wanted)));
    this.body.style.setProperty("--gad-body-height", `${height}px`);
  }

  private debugChanged(what: "breakpoints" | "watches"): void {
    this.source.drawDebug();
    this.inspector.update();
    this.diagram.markBreakpoints(this.debug.marked());
    if (what === "watches") this.options.told?.("watches", this.debug.watches);
    else this.options.told?.("breakpoints", this.debug.breakpoints.toList());
  }

  private drawDiagnosis(): void {
    const { opened } = this.diagnosing;
    const key = this.diagnosing.finding(opened)?.key ?? "";
    if (opened >= 0) this.showFindings(true);
    if (key !== "") this.diagram.reveal(visibleKeys(this.payload, key, this.open));
    this.inspector.update();
    this.bar.markFindings();
    this.findings.draw();
    this.findings.reveal();
    this.source.drawDebug();
    this.signs.draw();
    this.options.told?.("finding", opened);
  }

  private nextFinding(way: Way): void {
    if (this.diagnosing.diagnosis === null) this.findings.ask();
    else this.diagnosing.next(way);
  }

  private showFindings(open: boolean): void {
    this.findings.element.hidden = !open || this.diagnosing.diagnosis === null;
    this.element.dataset.findings = this.findings.element.hidden ? "closed" : "open";
    this.findings.chip.setAttribute("aria-expanded", String(!this.findings.element.hidden));
  }

  private markSelected(): void {
    const none = new Set<string>();
    const keys =
      this.chosen === "" ? none : visibleKeys(this.payload, this.chosen, this.open);
    this.diagram.select(keys);
    if (keys.size > 0) this.diagram.reveal(keys);
  }

  /** Brings the operation of the step into view, with what it fills where there is room. */
  private revealStep(): void {
    const step = this.timeline.step(this.at);
    if (step === null) return;
    const keys = (key: string): Set<string> => visibleKeys(this.payload, key, this.open);
    const receivers = step.sends.map((edge) => this.payload.edges[edge]!.value);
    const filled = step.phase === "forward" ? step.fills : receivers;
    const [first = step.reads[0]] = filled;
    const main = step.op === null || this.compact ? `v${first}` : `o${step.op}`;
    this.diagram.reveal(keys(main), filled.map((value) => keys(`v${value}`)));
  }

  find(key: string): void {
    const drawn = this.drawn(key);
    if (drawn === undefined) return;
    this.select(key);
    this.openAround(drawn);
    void this.draw(false).then(() => {
      this.diagram.focusNode(drawn.key);
      // Where the panes are stacked, the diagram may be out of sight.
      this.diagram.element.scrollIntoView({ block: "nearest" });
    });
  }

  uncover(key: string): void {
    const drawn = this.drawn(key);
    if (drawn !== undefined && this.openAround(drawn)) void this.draw(false);
  }

  showBackward(): void {
    this.backward.open();
  }

  highlight(edges: readonly number[]): void {
    this.path.mark(edges);
  }

  /** How a value or an op is drawn: the first, where it has copies. */
  private drawn(key: string): NodeSpec | undefined {
    const node = parseKey(this.payload, key);
    return this.payload.nodes.find((spec) => spec.kind === node?.kind && spec.ref === node.ref);
  }

  /** Opens the boxes around a node; false where all were open. */
  private openAround(node: NodeSpec): boolean {
    const closed = ancestors(this.payload, node.group).filter((group) => !this.open.has(group));
    this.open = new Set([...this.open, ...closed]);
    return closed.length > 0;
  }

  private setGranularity(granularity: Granularity): void {
    if (granularity === this.debug.granularity) return;
    this.debug.granularity = granularity;
    const offered = this.debug.stepping.hasModules || granularity !== "module";
    this.toolbar.setGranularity(offered ? granularity : "op");
    this.announce(`a step is one ${granularity}`);
    this.options.told?.("granularity", granularity);
  }

  private actOnNode(action: NodeAction, element: Element | null): void {
    const focused = element?.getAttribute("data-node")?.split(".")[0] ?? "";
    this.debug.act(action, parseKey(this.payload, focused) === null ? this.chosen : focused);
  }

  private play(): void {
    if (!this.player.playing && this.at === this.timeline.count) this.goTo(0);
    this.player.toggle();
  }

  /** One step of play; false at the end. */
  private playOn(): boolean {
    this.debug.step(1);
    if (this.debug.breakpoints.stopping(this.at).length > 0) {
      this.debug.tell(this.at);
      return false;
    }
    return this.at < this.timeline.count;
  }
}
