import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme, themeNow } from './charts/theme.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no element with the id app');
applyTheme(themeNow());
render(<App />, root);
