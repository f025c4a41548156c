using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Debian.Licences;

/// <summary>Reads one copyright file, whatever is in it.</summary>
internal static partial class CopyrightReading
{
    /// <summary>The largest of Debian has some 2 MB.</summary>
    internal const int LargestFile = 16 << 20;

    /// <summary>No honest licence has a longer name.</summary>
    private const int LongestLicence = 10_000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="place">Where the file is, or null with the reason.</param>
    /// <param name="keep">Gives one and the same string for equal texts: many packages share them.</param>
    public static PackageLicences Read(LockedPackage package, CopyrightPlace? place, string reason, Func<string, string> keep)
    {
        if (place is null)
            return new PackageLicences { Package = package, Unread = [Printable(reason)] };
        var licences = new PackageLicences { Package = package, Path = Printable(place.Path), Holder = place.Package, File = place.File };
        var unread = new List<string>();
        if (Text(place, unread) is not { } text)
            return licences with { Unread = unread };
        if (!CopyrightFile.TryParse(text, out var file, out var malformed))
            return licences with { Unread = [malformed, .. unread], RefersTo = References(text) };

        unread.AddRange(file.Flaws.Select(static flaw => $"is incomplete at {flaw}"));
        var licensed = new List<LicensedFiles>();
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        // Texts that nobody refers to say nothing of any file; but when no paragraph does, they are all there is.
        var saying = file.Paragraphs.Where(static paragraph => paragraph is { Kind: not CopyrightParagraphKind.Licence, Licence.Length: > 0 }).ToList();
        if (saying.Count == 0)
        {
            unread.Add("names no files, only licences");
            saying = [.. file.Paragraphs.Where(static paragraph => paragraph.Licence is { Length: > 0 })];
        }

        foreach (var paragraph in saying)
        {
            if (paragraph.Licence!.Length > LongestLicence)
            {
                unread.Add(string.Create(CultureInfo.InvariantCulture, $"is incomplete at line {paragraph.Line}: a License has a name of {paragraph.Licence.Length} characters"));
                continue;
            }

            var licence = LicenceExpression.Parse(paragraph.Licence, name => file.TextOf(paragraph, name));
            licensed.Add(new LicensedFiles(paragraph.Files, licence, paragraph.Line));
            if (licence.Kind == LicenceExpressionKind.Unclear)
                texts[licence.Spdx] = keep(file.TextOf(paragraph, paragraph.Licence));
            foreach (var term in licence.Terms.Where(static term => !term.IsCertain))
                texts[term.Spdx] = keep(file.TextOf(paragraph, term.Text));
        }

        return licences with { Licensed = licensed, Unread = unread, Texts = texts };
    }

    /// <summary>The file's text as UTF-8, which the policy asks for, else as Latin-1; null when it is no text.</summary>
    internal static string? Text(CopyrightPlace place, List<string> unread)
    {
        byte[] bytes;
        try
        {
            bytes = Bytes(place);
        }
        catch (Exception e) when (e is ArchiveException or InvalidDataException)
        {
            unread.Add($"cannot be read: {e.Message}");
            return null;
        }

        if (bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        if (bytes.Contains((byte)0))
        {
            unread.Add("is no text");
            return null;
        }

        try
        {
            return Printable(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            // Every name of a licence is ASCII; only names of people can suffer.
            return Printable(Encoding.Latin1.GetString(bytes));
        }
    }

    /// <summary>What strangers write is shown on terminals: nothing of it may steer one.</summary>
    internal static string Printable(string text) =>
        text.Any(Steers) ? string.Concat(text.Select(static c => Steers(c) ? ' ' : c)) : text;

    private static bool Steers(char c) => char.IsControl(c) && c is not ('\n' or '\r' or '\t');

    private static byte[] Bytes(CopyrightPlace place)
    {
        using var stored = new FileStream(place.File, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using var contents = Path.GetExtension(place.Path) is "" ? stored : Compression.Open(place.Path, stored);
        using var all = new MemoryStream((int)Math.Min(stored.Length, LargestFile));
        var buffer = new byte[64 * 1024];
        while (contents.Read(buffer) is > 0 and var read)
        {
            if (all.Length + read > LargestFile)
                throw new InvalidDataException($"it is larger than {LargestFile >> 20} MiB");
            all.Write(buffer.AsSpan(0, read));
        }

        return all.ToArray();
    }

    private static IReadOnlyList<string> References(string text) =>
    [
        .. CommonLicence().Matches(text).Select(static match => match.Groups[1].Value.TrimEnd('.', '-')).Where(static name => name.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    [GeneratedRegex(@"/usr/share/common-licen[sc]es/([A-Za-z0-9.+-]+)")]
    private static partial Regex CommonLicence();
}
