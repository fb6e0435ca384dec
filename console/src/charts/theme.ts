import { useEffect, useState } from 'preact/hooks';

/** What canvases are painted with: they know no custom properties, so that the page is asked what they come to. */
export interface Palette {
  ink: string;
  quiet: string;
  rule: string;
  accent: string;
  soft: string;
  warn: string;
  bad: string;
  second: string;
  sheet: string;
  font: string;
}

const names = ['ink', 'quiet', 'rule', 'accent', 'soft', 'warn', 'bad', 'second', 'sheet'] as const;

export function paletteNow(): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const colors = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return {
    ...(colors as Record<(typeof names)[number], string>),
    font: getComputedStyle(document.body).fontFamily,
  };
}

const KEY_NAME = 'stockroom-theme';
export type Theme = 'auto' | 'light' | 'dark';
const changes = new EventTarget();

export function themeNow(): Theme {
  const kept = localStorage.getItem(KEY_NAME);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'auto') localStorage.removeItem(KEY_NAME);
  else localStorage.setItem(KEY_NAME, theme);
  document.documentElement.dataset['theme'] = theme;
  changes.dispatchEvent(new Event('change'));
}

/** The palette, again whenever the reader or the machine changes between light and dark. */
export function usePalette(): Palette {
  const [palette, setPalette] = useState(paletteNow);
  useEffect(() => {
    const read = (): void => setPalette(paletteNow());
    const machine = matchMedia('(prefers-color-scheme: dark)');
    machine.addEventListener('change', read);
    changes.addEventListener('change', read);
    return () => {
      machine.removeEventListener('change', read);
      changes.removeEventListener('change', read);
    };
  }, []);
  return palette;
}
