// Package access governs who is let at which data: requests for access, the
// decisions of the stewards who own it, the grants that come of them, and the
// reviews of grants.
//
//	      Ask            Decide: fields          Renew
//	─────────────▶ open ───────────────▶ granted ◀──┐
//	                │ │                    │  │ └───┘
//	       Withdraw │ │ Decide: none       │  │ Revoke
//	                ▼ ▼                    │  ▼
//	        withdrawn refused      expired ◀  revoked
//
// A grant is one policy or more, "grant:<id of the request>", which are kept by
// [policystore.Store]. Policies and requests are written one after the other, so
// the policies decide: what was prepared in the request happened when the
// policies say so, and did not when they do not. That is read from them each
// time, so no crash can make the two disagree.
//
// It imports catalog, acl, acl/policystore, internal/store and internal/fault.
// Start at [Desk].
package access
