// Written by web/client/generate.mjs.
export interface paths {
    "/orders/create/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an empty order
         * @description This does not check that the user exists. If the user is unknown, the checkout fails.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: uuid */
                            order_id: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List orders, the newest first
         * @description A buyer gets their own ones.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only the orders of this user. */
                    user_id?: components["schemas"]["Id"];
                    /** @description The `next_cursor` of the page before. */
                    cursor?: components["schemas"]["Id"];
                    /** @description How many; 20 if it is left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            orders: {
                                order_id: string;
                                paid: boolean;
                                /** @description Pairs of an item id and its quantity. */
                                items: [
                                    string,
                                    number
                                ][];
                                user_id: string;
                                total_cost: number;
                                /**
                                 * @description DISPUTED: sold earlier with other contents, which only a restored database explains.
                                 * @enum {string}
                                 */
                                status: "OPEN" | "CHECKING_OUT" | "PAID" | "DISPUTED";
                                /** @description The last checkout attempt; null if there was none. */
                                saga_id: string | null;
                                /** @description The state of that attempt. */
                                state: ("PENDING" | "PAID" | "FAILED" | "DISPUTED") | null;
                                /** @description Why that attempt failed; null if it did not. */
                                reason: string | null;
                                /** Format: date-time */
                                created_at: string;
                            }[];
                            /** @description Where the next page begins; null on the last one. */
                            next_cursor: string | null;
                        };
                    };
                };
                /** @description What you have is still true: it has the ETag of If-None-Match. There is no body. */
                304: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The user is somebody else. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/find/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an order and the state of its last checkout */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: string;
                            paid: boolean;
                            /** @description Pairs of an item id and its quantity. */
                            items: [
                                string,
                                number
                            ][];
                            user_id: string;
                            total_cost: number;
                            /**
                             * @description DISPUTED: sold earlier with other contents, which only a restored database explains.
                             * @enum {string}
                             */
                            status: "OPEN" | "CHECKING_OUT" | "PAID" | "DISPUTED";
                            /** @description The last checkout attempt; null if there was none. */
                            saga_id: string | null;
                            /** @description The state of that attempt. */
                            state: ("PENDING" | "PAID" | "FAILED" | "DISPUTED") | null;
                            /** @description Why that attempt failed; null if it did not. */
                            reason: string | null;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such order. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/bought/{user_id}/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read whether a user has bought an item
         * @description Among their latest 2000 orders.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            bought: boolean;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/addItem/{order_id}/{item_id}/{quantity}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add units of an item to an order
         * @description If the item is already in the order, its quantity grows, and its price stays that of the first addition.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                    quantity: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: string;
                            total_cost: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such order, or no such item. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other contents (`sold_before`). It was not changed. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/addItem/{order_id}/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add one unit of an item to an order (older edition) */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: string;
                            total_cost: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such order, or no such item. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other contents (`sold_before`). It was not changed. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/removeItem/{order_id}/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove one unit of an item from an order (older edition) */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: string;
                            item_id: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such order, or the item is not in it. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other contents (`sold_before`). It was not changed. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/remove/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete an unpaid order (older edition) */
        delete: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such order. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other contents (`sold_before`). It was not deleted. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/batch_init/{n}/{n_items}/{n_users}/{item_price}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create or reset orders "0" to "n-1"
         * @description Each order belongs to a random user out of n_users and has one unit each of two random items out of n_items.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    n: number;
                    n_items: number;
                    n_users: number;
                    item_price: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            msg: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description batch_init is not enabled on this service. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description One of these orders is being checked out. Nothing was changed. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/create_user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a user with no credit
         * @description Where access is required, a buyer becomes a user with the id that the token names. Doing it again changes nothing.
         */
        post: {
            parameters: {
                query?: {
                    /** @description The id that the user gets, such as that of an account. Without it, a new one. */
                    user_id?: components["schemas"]["Id"];
                };
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            user_id: components["schemas"]["Id"];
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/find_user/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the credit of a user */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            user_id: string;
                            credit: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/add_funds/{user_id}/{amount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add credit to a user */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    amount: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            user_id: string;
                            credit: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/pay/{user_id}/{amount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take credit from a user outside any checkout */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    amount: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            user_id: string;
                            credit: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The user has too little credit (`insufficient_credit`). Nothing was taken. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/pay/{user_id}/{order_id}/{amount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pay for an order outside any checkout (older edition)
         * @description Paying the same amount again changes nothing. After a cancellation, a payment is charged again.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                    amount: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            user_id: string;
                            credit: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The user has too little credit (`insufficient_credit`) or has already paid another amount (`already_paid`). Nothing was taken. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/cancel/{user_id}/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refund a payment for an order outside any checkout (older edition)
         * @description Refunds once: cancelling again changes nothing.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            user_id: string;
                            credit: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user, or the user never paid for this order. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/status/{user_id}/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read whether a user has paid for an order outside any checkout (older edition) */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            paid: boolean;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Read whether a user has paid for an order outside any checkout (older edition) */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            paid: boolean;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment/batch_init/{n}/{starting_money}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create or reset users "0" to "n-1" */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    n: number;
                    starting_money: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            msg: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description batch_init is not enabled on this service. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/item/create/{price}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an item with nothing in stock
         * @description The price of an item never changes.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    price: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: uuid */
                            item_id: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/find/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the price of an item and how many units are available */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            stock: number;
                            price: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such item. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read several items at once */
        get: {
            parameters: {
                query: {
                    /** @description At most 100 item ids, separated by commas. */
                    ids: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description Those that exist, in any order. */
                            items: {
                                item_id: string;
                                stock: number;
                                price: number;
                            }[];
                            /** @description When they were read, in milliseconds since 1970. */
                            at: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/add/{item_id}/{amount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add units to the stock of an item */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                    amount: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            item_id: string;
                            stock: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such item. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/subtract/{item_id}/{amount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take units from the stock of an item outside any checkout
         * @description Units that a checkout in flight has reserved cannot be taken.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                    amount: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            item_id: string;
                            stock: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such item. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not enough units are available (`out_of_stock`). Nothing was taken. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stock/batch_init/{n}/{starting_stock}/{item_price}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create or reset items "0" to "n-1"
         * @description Orders may keep using an earlier price of such an item for up to a minute.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    n: number;
                    starting_stock: number;
                    item_price: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            msg: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description batch_init is not enabled on this service. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A checkout in flight uses one of these items. Nothing was changed. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account
         * @description Then log in. The answer is the same if somebody has an account with this address: nobody is told who is a customer.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        email: string;
                        password: string;
                        name?: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            email: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There were too many registrations from this address (`too_many_attempts`). */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in: get a session and a first token
         * @description The session is in a cookie for browsers, and in the body for programs. Somebody has 20 sessions at most; a further one ends the oldest.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        email: string;
                        password: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description Send it as "Authorization: Bearer TOKEN". */
                            access_token: string;
                            /** @constant */
                            token_type: "Bearer";
                            /** @description Seconds. */
                            expires_in: number;
                            /** @description Send it as "Authorization: Bearer SESSION" to /account. */
                            session: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The e-mail address or the password is wrong (`wrong_credentials`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There were too many wrong passwords from this address (`too_many_attempts`). */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out: end this session
         * @description Tokens that were made of it stay valid until they expire, for five minutes at most.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            ended: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a token for the other services
         * @description For a session, or for a service key, which is sent as "Authorization: Basic base64(NAME:SECRET)".
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Token"];
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There were too many wrong service keys from this address (`too_many_attempts`). */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read my account */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Account"];
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List my sessions, the latest first */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            sessions: {
                                session_id: components["schemas"]["Id"];
                                created_at: string;
                                expires_at: string;
                                address: string | null;
                                user_agent: string | null;
                                is_this: boolean;
                            }[];
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of my sessions */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    session_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            ended: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description I have no such session. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change my password, and end all my sessions
         * @description The answer has a new session in place of this one.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        password: string;
                        new_password: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            session: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There were too many wrong passwords from this address (`too_many_attempts`). */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete my account
         * @description My address, name and sessions are gone. My orders and payments stay, under an id that no longer says who I was.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        password: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deleted: number;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no session (`unauthenticated`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A page of another site sent this (`cross_site`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There were too many wrong passwords from this address (`too_many_attempts`). */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/.well-known/openid-configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this issuer of tokens is, and where its keys are */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            issuer: string;
                            jwks_uri: string;
                        } & {
                            [key: string]: unknown;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys that tokens are verified with (RFC 7517) */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            keys: ({
                                kid: string;
                            } & {
                                [key: string]: unknown;
                            })[];
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Find an account by its e-mail address
         * @description The address is in the body, because paths end up in logs.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        email: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Account"];
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nobody has this address. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/roles/{account_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say what somebody may do beside buying
         * @description The roles replace those that the account had. Tokens that it has already keep theirs until they expire, for five minutes at most.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    account_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        roles: ("shopkeeper" | "operator")[];
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Account"];
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such account. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the service keys */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            keys: {
                                name: string;
                                user_id: components["schemas"]["Id"];
                                roles: string[];
                                created_at: string;
                            }[];
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Make a service key for a program
         * @description The secret is shown this once. The program gets tokens with it at /account/token, until the key is revoked.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        roles: ("shopkeeper" | "operator")[];
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            name: string;
                            user_id: components["schemas"]["Id"];
                            secret: string;
                            roles: string[];
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is a key with this name, or there are too many (`key_exists`, `too_many_keys`). */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/keys/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke a service key
         * @description Tokens that it has already stay valid until they expire, for five minutes at most.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            name: string;
                            user_id: components["schemas"]["Id"];
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such key. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what the shop sells, or search it */
        get: {
            parameters: {
                query?: {
                    /** @description Words, or their beginnings, that the name and the description have. */
                    search?: string;
                    category?: string;
                    /** @description `name` if it is left out. */
                    sort?: "name" | "price" | "newest";
                    /** @description The `next_cursor` of the page before, of the same list. */
                    cursor?: string;
                    /** @description How many; 24 if it is left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            products: {
                                /** @description Also the id of the item in stock. */
                                item_id: string;
                                name: string;
                                description: string;
                                picture: string;
                                categories: string[];
                                price: number;
                                /** @description How many can be sold, as stock said a moment ago; null if it has not said anything yet. */
                                quantity: number | null;
                                rating: {
                                    /** @description Of the stars; null without a vote. */
                                    average: number | null;
                                    votes: number;
                                    /** @description How many votes have 1 star, 2 stars, and so on. */
                                    stars: number[];
                                };
                            }[];
                            /** @description Where the next page begins; null on the last one. */
                            next_cursor: string | null;
                        };
                    };
                };
                /** @description What you have is still true: it has the ETag of If-None-Match. There is no body. */
                304: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Put units of a product into the shop, a new one or one that it has
         * @description A new name inserts a product, which buyers see once stock has its units. A known name adds to its quantity; then `description`, `picture` and `categories` are ignored: PATCH changes them.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @description How many units are put into the shop. */
                        quantity: number;
                        /** @description In credits. A new product needs one, and keeps it for ever. */
                        price?: number;
                        description?: string;
                        /** @description The name of one of the drawings of the shop's pages. */
                        picture?: string;
                        categories?: string[];
                    };
                };
            };
            responses: {
                /** @description Done. */
                202: {
                    headers: {
                        /** @description Where to read the outcome. */
                        Location?: string;
                        /** @description Present when the request asked not to wait. */
                        "Preference-Applied"?: "respond-async";
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            item_id: string;
                            /** Format: uuid */
                            restock_id: string;
                            /** @description Whether the shop did not know the name before. */
                            is_new: boolean;
                        };
                    };
                };
                /** @description A field is not valid, or a new product has no price (`price_missing`). */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The product has another price (`other_price`). Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/products/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a product */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description Also the id of the item in stock. */
                            item_id: string;
                            name: string;
                            description: string;
                            picture: string;
                            categories: string[];
                            price: number;
                            /** @description How many can be sold, as stock said a moment ago; null if it has not said anything yet. */
                            quantity: number | null;
                            rating: {
                                /** @description Of the stars; null without a vote. */
                                average: number | null;
                                votes: number;
                                /** @description How many votes have 1 star, 2 stars, and so on. */
                                stars: number[];
                            };
                        };
                    };
                };
                /** @description What you have is still true: it has the ETag of If-None-Match. There is no body. */
                304: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The shop does not sell it (`unknown_product`). */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change what a product is called and described as, or hide it
         * @description What is left out stays as it is. A hidden product can be bought by whoever has it in an order.
         */
        patch: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name?: string;
                        description?: string;
                        /** @description The name of one of the drawings of the shop's pages. */
                        picture?: string;
                        categories?: string[];
                        hidden?: boolean;
                    };
                };
            };
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            item_id: string;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such product (`unknown_product`). */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Another product has the name (`name_taken`). Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is no JSON. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/catalog/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the categories of what the shop sells */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            categories: {
                                name: string;
                                products: number;
                            }[];
                        };
                    };
                };
                /** @description What you have is still true: it has the ETag of If-None-Match. There is no body. */
                304: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/inventory": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all products, also those that buyers do not see */
        get: {
            parameters: {
                query?: {
                    /** @description Words, or their beginnings, that the name and the description have. */
                    search?: string;
                    category?: string;
                    /** @description `name` if it is left out. */
                    sort?: "name" | "price" | "newest";
                    /** @description The `next_cursor` of the page before, of the same list. */
                    cursor?: string;
                    /** @description How many; 24 if it is left out. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            products: {
                                /** @description Also the id of the item in stock. */
                                item_id: string;
                                name: string;
                                description: string;
                                picture: string;
                                categories: string[];
                                price: number;
                                /** @description How many can be sold, as stock said a moment ago; null if it has not said anything yet. */
                                quantity: number | null;
                                rating: {
                                    /** @description Of the stars; null without a vote. */
                                    average: number | null;
                                    votes: number;
                                    /** @description How many votes have 1 star, 2 stars, and so on. */
                                    stars: number[];
                                };
                                hidden: boolean;
                                /** @description Whether stock has said that it can be sold. */
                                listed: boolean;
                            }[];
                            /** @description Where the next page begins; null on the last one. */
                            next_cursor: string | null;
                        };
                    };
                };
                /** @description What you have is still true: it has the ETag of If-None-Match. There is no body. */
                304: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/restocks/{restock_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what has become of units that were put into the shop */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    restock_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: uuid */
                            restock_id: string;
                            item_id: string;
                            quantity: number;
                            /**
                             * @description REQUESTED until stock has answered.
                             * @enum {string}
                             */
                            state: "REQUESTED" | "DONE" | "REFUSED";
                            /** @description Why it was refused. */
                            reason: ("limit_exceeded" | "other_price") | null;
                            /** Format: date-time */
                            created_at: string;
                        };
                    };
                };
                /** @description What you have is still true: it has the ETag of If-None-Match. There is no body. */
                304: {
                    headers: {
                        /** @description Send it as If-None-Match to learn whether this is still true. */
                        ETag?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such restock. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/vote/{user_id}/{item_id}/{stars}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a product stars, or other ones than before
         * @description Only for what the user has bought. The same request again changes nothing. Others see the new rating within two seconds.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                    stars: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            item_id: string;
                            rating: {
                                /** @description Of the stars; null without a vote. */
                                average: number | null;
                                votes: number;
                                /** @description How many votes have 1 star, 2 stars, and so on. */
                                stars: number[];
                            };
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The user has not bought it (`not_bought`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The user has changed this vote ten times in a minute (`too_many_votes`). */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/vote/{user_id}/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read how many stars a user gives a product */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    user_id: components["schemas"]["Id"];
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    item_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description null if the user has not voted. */
                            stars: number | null;
                        };
                    };
                };
                /** @description A parameter, a header or the body is not valid. Nothing was changed. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such thing, or it belongs to another user. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/checkout/{order_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check out an order: charge its user and take its items from stock, or do neither
         * @description The request waits until the outcome is certain. An order that is already paid gets 200 and is not charged again. No answer, a connection reset or a 5xx means that the outcome is unknown. Repeat the request: it then joins the checkout in flight or returns how it ended.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With another request the answer is 422, and while the first request is in flight it is 409. */
                    "Idempotency-Key"?: string;
                    /** @description With `respond-async` the answer is 202 at once, without waiting for the outcome. */
                    Prefer?: string;
                    /** @description Why, in ASCII: it is written down with who did what. */
                    Reason?: string;
                };
                path: {
                    /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
                    order_id: components["schemas"]["Id"];
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The order is paid. */
                200: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: components["schemas"]["Id"];
                            /** Format: uuid */
                            saga_id: string;
                            /** @constant */
                            status: "PAID";
                        };
                    };
                };
                /** @description Not decided yet. Read the outcome at the URL in Location. */
                202: {
                    headers: {
                        /** @description Where to read the outcome. */
                        Location?: string;
                        /** @description Present when the request asked not to wait. */
                        "Preference-Applied"?: "respond-async";
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            order_id: components["schemas"]["Id"];
                            /** Format: uuid */
                            saga_id: string;
                            /** @constant */
                            status: "CHECKING_OUT";
                        };
                    };
                };
                /** @description The order is empty (`empty_order`), or a parameter or header is invalid. Nothing was changed. */
                400: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no token (`unauthenticated`), or it is not valid (`invalid_token`). */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The route is for those with a role that the token does not have (`forbidden`). */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such order. */
                404: {
                    headers: {
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The checkout failed: nothing was charged and no stock was taken (`reason` is `out_of_stock`, `unknown_item`, `insufficient_credit`, `unknown_user` or `cancelled`). Or the order was sold earlier with other contents, which order had lost when its database was restored (`sold_before`): nothing more was charged. Or another transaction holds the order (`order_locked`): nothing was started. Repeat the request in a moment. Or: A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment. */
                409: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        /** @description Present when this is the stored answer to an earlier request with the same key. */
                        "Idempotency-Replayed"?: "true";
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description This Idempotency-Key was used for another request. Use a new key for each new request. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many checkouts are in flight, and this one was not started. Try again after Retry-After seconds. */
                429: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The service failed unexpectedly. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). Repeat the request after Retry-After seconds. */
                503: {
                    headers: {
                        /** @description Seconds to wait before repeating the request. */
                        "Retry-After"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The request was refused before it reached a route: wrong method, too large or too slow. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Generated ids are UUIDv7; batch_init names its rows "0", "1", and so on. */
        Id: string;
        /** @description Problem details as in RFC 9457. */
        Problem: {
            /** @description A relative URI that names the reason, or about:blank. */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description The path of the request. */
            instance?: string;
            /** @description A code that programs can switch on, such as out_of_stock. */
            reason?: string;
            /**
             * Format: uuid
             * @description The checkout attempt that this is about.
             */
            saga_id?: string;
            /** @description Search the logs for it: faults and ended checkouts are logged with it. */
            trace_id?: string;
        };
        Token: {
            /** @description Send it as "Authorization: Bearer TOKEN". */
            access_token: string;
            /** @constant */
            token_type: "Bearer";
            /** @description Seconds. */
            expires_in: number;
        };
        Account: {
            user_id: components["schemas"]["Id"];
            email: string;
            name: string;
            roles: string[];
            created_at: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
