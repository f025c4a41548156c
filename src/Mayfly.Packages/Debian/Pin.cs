using System.Globalization;

namespace Mayfly.Packages.Debian;

/// <summary>
/// A preference among versions, with apt_preferences(5)'s own meaning: of packages that match, those versions have this priority that match too.
/// </summary>
/// <remarks>
/// The version of the highest priority is chosen, the latest of several. A pin of named packages goes before one of all packages (<c>*</c>), and the first
/// of several that match before the others. Suites have 500 unless a pin says otherwise; those that offer what nobody should get unasked, such as
/// backports, 100 or 1. A priority below 0 keeps a version out.
/// </remarks>
/// <param name="Packages">Names, patterns (<c>nginx*</c>, <c>/^lib.*-dev$/</c>) or <c>src:NAME</c>, several with spaces between; <c>*</c> means all.</param>
/// <param name="Match">Which versions, as apt writes it: <c>version 1.22.*</c>, <c>release n=bookworm-backports</c>, <c>origin HOST</c>.</param>
/// <param name="Priority">From -32768 to 32767, but not 0.</param>
public sealed record Pin(string Packages, string Match, int Priority)
{
    /// <summary>As a lock holds it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Packages}: {Match}, priority {Priority}");
}
