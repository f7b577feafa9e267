import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { restoreSession } from '../client/account';
import { queryClient } from './query-client';
import './styles/index.css';

/** Shows the pages in the document. */
export function start(pages: ReactNode): void {
  void restoreSession();
  createRoot(document.getElementById('root') as HTMLElement).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <BrowserRouter>{pages}</BrowserRouter>
      </QueryClientProvider>
    </StrictMode>,
  );
}
