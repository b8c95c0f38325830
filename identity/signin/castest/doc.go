// Package castest is a CAS server for tests: the CAS Protocol 3.0 of Apereo,
// with /serviceValidate of 2.0 and /p3/serviceValidate of 3.0, failure codes,
// renew, gateway and single logout, over real HTTP. Only tests import it.
package castest
