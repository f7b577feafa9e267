import { participantSettings } from '../../shared/service/config';

export const settings = participantSettings('payment');
