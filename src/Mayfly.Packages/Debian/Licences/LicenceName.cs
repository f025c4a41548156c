using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;

namespace Mayfly.Packages.Debian.Licences;

/// <summary>
/// From the short names of Debian's copyright files to SPDX identifiers, where that is certain. The format's own names are
/// listed in its section 7.1; everything beyond them is free, so a name counts only when it is an SPDX identifier or
/// means the same by the format's rules of versions. Everything else is a <c>LicenseRef-…</c>.
/// </summary>
internal static partial class LicenceName
{
    /// <summary>Names that the format defines and SPDX calls otherwise.</summary>
    private static readonly FrozenDictionary<string, string> Others = new Dictionary<string, string>
    {
        ["Expat"] = "MIT",
        ["CC0"] = "CC0-1.0",
        ["Zope-1.1"] = "ZPL-1.1",
        ["Zope-2.0"] = "ZPL-2.0",
        ["Zope-2.1"] = "ZPL-2.1",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// SPDX identifiers that packagers also use for something of their own: what is meant is not certain. The format itself warns of
    /// MIT, which its text decides below.
    /// </summary>
    private static readonly FrozenSet<string> Doubtful = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "MIT", "X11", "OpenSSL", "Artistic-dist", "any-OSI", "any-OSI-perl-modules", "Intel", "Nokia", "Xerox", "Fair", "Cube", "Zed", "Barr", "Glide", "Clips",
        "Buddy", "LOOP", "SL", "DOC", "MIPS", "Pixar", "Plexus", "Symlinks", "Caldera", "UCAR", "IPA", "Jam");

    /// <summary>Exceptions of which SPDX knows one form only, by the keyword of <c>with KEYWORD exception</c>.</summary>
    private static readonly FrozenDictionary<string, string> Keywords = new Dictionary<string, string>
    {
        ["Font"] = "Font-exception-2.0",
        ["Libtool"] = "Libtool-exception",
        ["Classpath"] = "Classpath-exception-2.0",
        ["LLVM"] = "LLVM-exception",
        ["Texinfo"] = "Texinfo-exception",
        ["Linux-syscall-note"] = "Linux-syscall-note",
        ["GCC-Runtime-3.1"] = "GCC-exception-3.1",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly Lazy<FrozenDictionary<string, string>> Licences = new(() => Listed("spdx-licences.txt"));

    private static readonly Lazy<FrozenDictionary<string, string>> Exceptions = new(() => Listed("spdx-exceptions.txt"));

    /// <summary>No honest name is longer; it bounds what matching costs.</summary>
    private const int LongestName = 200;

    /// <summary>Reads one licence: a name, or <c>NAME with KEYWORDS exception</c>.</summary>
    public static LicenceTerm Read(string text, Func<string, string> textOf)
    {
        var with = text.IndexOf(" with ", StringComparison.OrdinalIgnoreCase);
        if (with < 0)
        {
            if (text.Length > LongestName)
                return new LicenceTerm(text, Refer(text), null);
            if (Identify(text, textOf) is { } certain)
                return new LicenceTerm(text, certain, certain);
            // Names such as GPL-3+-with-autoconf-exception are made up, but whose exception it is can be seen.
            return new LicenceTerm(text, Refer(text), MadeUpException().Match(text) is { Success: true } made ? Identify(made.Groups[1].Value, textOf) : null);
        }

        var own = Identify(text[..with].Trim(), textOf);
        var keyword = text[(with + 6)..].Trim();
        if (keyword.EndsWith(" exception", StringComparison.OrdinalIgnoreCase))
            keyword = keyword[..^10].TrimEnd();
        var exception = Exceptions.Value.GetValueOrDefault(keyword) ?? Keywords.GetValueOrDefault(keyword);
        return new LicenceTerm(text, own is null || exception is null ? Refer(text) : $"{own} WITH {exception}", own);
    }

    /// <summary>A reference that SPDX allows: <c>LicenseRef-</c> and letters, digits, full stops and hyphens.</summary>
    public static string Refer(string text)
    {
        var name = new StringBuilder(LicenceTerm.Reference);
        foreach (var c in text.Replace("+", "-or-later", StringComparison.Ordinal))
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '.')
                name.Append(c);
            else if (name[^1] != '-')
                name.Append('-');
        }

        var reference = name.ToString().TrimEnd('-');
        return reference.Length < LicenceTerm.Reference.Length ? LicenceTerm.Reference + "unnamed" : reference;
    }

    /// <summary>An identifier of SPDX as its list writes it, perhaps with a plus sign, or a reference; null when it is none.</summary>
    public static string? OfSpdx(string text)
    {
        if (text.StartsWith(LicenceTerm.Reference, StringComparison.OrdinalIgnoreCase))
            return text.Length > LicenceTerm.Reference.Length && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-') ? $"{LicenceTerm.Reference}{text[LicenceTerm.Reference.Length..]}" : null;
        // Some are listed with it: GPL-2.0+.
        return Licences.Value.GetValueOrDefault(text) ?? (text.EndsWith('+') && Licences.Value.GetValueOrDefault(text[..^1]) is { } listed ? $"{listed}+" : null);
    }

    /// <summary>An exception as SPDX's list writes it; null when it is none.</summary>
    public static string? ExceptionOfSpdx(string text) => Exceptions.Value.GetValueOrDefault(text);

    /// <summary>The identifier that stands today for one of SPDX's; of the GNU licences, former versions of the list had others.</summary>
    public static string InPlaceOf(string identifier) => Gnu().Match(identifier) is { Success: true } gnu && OfGnu(gnu) is { } now ? now : identifier;

    private static string? Identify(string name, Func<string, string> textOf)
    {
        if (Others.GetValueOrDefault(name) is { } other)
            return other;
        if (Gnu().Match(name) is { Success: true } gnu)
            return OfGnu(gnu);
        if (Doubtful.Contains(name))
            return ByText(name, textOf);
        var later = name.EndsWith('+');
        var plain = later ? name[..^1] : name;
        return SameVersion(plain) is { } listed && !Doubtful.Contains(listed) ? later ? $"{listed}+" : listed : null;
    }

    /// <summary>MIT and X11 are names of several texts; the text itself says which.</summary>
    private static string? ByText(string name, Func<string, string> textOf)
    {
        if (!name.Equals("MIT", StringComparison.OrdinalIgnoreCase))
            return null;
        // The paragraph of names and notice, whose end tells Expat from its many relatives.
        var text = Blanks().Replace(textOf(name), " ");
        return text.Contains("Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files", StringComparison.OrdinalIgnoreCase)
            && text.Contains("The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.", StringComparison.OrdinalIgnoreCase)
            && !text.Contains("advertising", StringComparison.OrdinalIgnoreCase) ? "MIT" : null;
    }

    /// <summary>The GNU licences, whose identifiers say whether later versions may be taken; without a version it is not certain which is meant.</summary>
    private static string? OfGnu(Match match)
    {
        var family = match.Groups["family"].Value.ToUpperInvariant();
        var niv = family == "GFDL-NIV";
        var version = match.Groups["version"].Value;
        version = version.Contains('.') ? version : $"{version}.0";
        var suffix = match.Groups["later"].Value is "+" or "-or-later" ? "or-later" : "only";
        return Licences.Value.GetValueOrDefault($"{(niv ? "GFDL" : family)}-{version}{(niv ? "-no-invariants" : "")}-{suffix}");
    }

    /// <summary>The listed name, taking 2, 2.0 and 2.0.0 for the same version, as the format does.</summary>
    private static string? SameVersion(string name)
    {
        for (var shorter = name; ; shorter = shorter[..^2])
        {
            if (Licences.Value.TryGetValue(shorter, out var listed))
                return listed;
            if (!shorter.EndsWith(".0", StringComparison.Ordinal))
                break;
        }

        return Numbered().IsMatch(name) ? Licences.Value.GetValueOrDefault($"{name}.0") : null;
    }

    private static FrozenDictionary<string, string> Listed(string resource)
    {
        using var stream = typeof(LicenceName).Assembly.GetManifestResourceStream($"{typeof(LicenceName).Namespace}.{resource}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#')
            .ToFrozenDictionary(static line => line, StringComparer.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"^(?<family>A?GPL|LGPL|GFDL-NIV|GFDL)-(?<version>[0-9](?:\.[0-9])?)(?:\.0)?(?<later>\+|-only|-or-later)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Gnu();

    [GeneratedRegex(@"^(.+?)[-~](?:with-)?[A-Za-z0-9.]+[-~]exceptions?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex MadeUpException();

    [GeneratedRegex(@"-[0-9]+(?:\.[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
