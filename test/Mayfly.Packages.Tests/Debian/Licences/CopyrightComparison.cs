using System.Text;
using System.Text.Json;
using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Packages.Tests.Debian.Licences;

/// <summary>Our reading of copyright files beside another one, paragraph by paragraph.</summary>
internal static class CopyrightComparison
{
    public static string Text(string path)
    {
        var bytes = File.ReadAllBytes(path);
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            text = Encoding.Latin1.GetString(bytes);
        }

        // Python ends lines at these too; the format does not.
        return string.Concat(text.TrimStart('\ufeff').Select(static c => c is '\v' or '\f' or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029' ? ' ' : c));
    }

    /// <summary>How many both read, and every difference in words.</summary>
    public static (int Readable, IReadOnlyList<string> Differences) Compare(IReadOnlyList<string> names, IReadOnlyList<string> texts, IReadOnlyList<JsonDocument> theirs)
    {
        var differences = new List<string>();
        var readable = 0;
        for (var at = 0; at < names.Count; at++)
        {
            var refused = theirs[at].RootElement.TryGetProperty("Refused", out var why);
            if (!CopyrightFile.TryParse(texts[at], out var ours, out var reason))
            {
                if (!refused)
                    differences.Add($"{names[at]}: we say that it {reason}, and they read it");
                continue;
            }

            if (refused)
            {
                differences.Add($"{names[at]}: we read it, and they say {why.GetString()}");
                continue;
            }

            readable++;
            string[] paragraphs = [.. theirs[at].RootElement.GetProperty("Paragraphs").EnumerateArray().Select(static paragraph => paragraph.ToString())];
            string[] own = [.. ours.Paragraphs.Select(Json)];
            if (paragraphs.Length != own.Length)
                differences.Add($"{names[at]}: {own.Length} paragraphs, and they have {paragraphs.Length}");
            foreach (var (our, their) in own.Zip(paragraphs.Select(static text => JsonSerializer.Serialize(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(text)))))
            {
                if (our != their)
                    differences.Add($"{names[at]}:\n  ours   …{Around(our, their)}\n  theirs …{Around(their, our)}");
            }
        }

        return (readable, differences);
    }

    /// <summary>Where two texts begin to differ.</summary>
    private static string Around(string text, string other) => text[Math.Max(0, text.AsSpan().CommonPrefixLength(other) - 40)..Math.Min(text.Length, text.AsSpan().CommonPrefixLength(other) + 80)];

    private static string Json(CopyrightParagraph paragraph) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["Kind"] = paragraph.Kind.ToString(),
        ["Files"] = paragraph.Files,
        ["Licence"] = paragraph.Licence,
        ["Text"] = paragraph.Text,
    });
}
