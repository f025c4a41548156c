using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mayfly.Materials;

/// <summary>What both forms of a bill of materials write alike.</summary>
internal static partial class MaterialsJson
{
    public static string MayflyVersion { get; } = typeof(MaterialsJson).Assembly.GetName().Version!.ToString(3);

    /// <summary>One indented object, with a line's end.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> fill)
    {
        var bytes = new ArrayBufferWriter<byte>();
        // Files for people and programs, never part of a page: versions may show their plus signs.
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    public static string Date(DateTimeOffset date) => date.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Takes <c>Name &lt;mail&gt;</c> apart (policy 5.6.2).</summary>
    public static (string Name, string? Mail) Party(string maintainer) =>
        Maintainer().Match(maintainer) is { Success: true } match ? (match.Groups[1].Value.Trim(' ', '"'), match.Groups[2].Value) : (maintainer, null);

    [GeneratedRegex(@"^([^<]+)<([^<>@\s]+@[^<>@\s]+)>\s*$")]
    private static partial Regex Maintainer();
}
