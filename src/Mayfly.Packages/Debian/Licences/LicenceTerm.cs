namespace Mayfly.Packages.Debian.Licences;

/// <summary>One licence by name, perhaps with an exception.</summary>
/// <param name="Text">As the copyright file writes it: <c>GPL-2+ with OpenSSL exception</c>.</param>
/// <param name="Spdx">An SPDX identifier where it is certain (<c>GPL-2.0-or-later</c>, <c>Apache-2.0 WITH LLVM-exception</c>), else <c>LicenseRef-…</c>.</param>
/// <param name="Base">The SPDX identifier without the exception, where that much is certain; otherwise null.</param>
public sealed record LicenceTerm(string Text, string Spdx, string? Base)
{
    public const string Reference = "LicenseRef-";

    /// <summary>False for a <c>LicenseRef-…</c>: its name stands in the copyright file alone.</summary>
    public bool IsCertain => !Spdx.StartsWith(Reference, StringComparison.Ordinal);

    public override string ToString() => Spdx;
}
