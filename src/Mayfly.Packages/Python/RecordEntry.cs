using System.Buffers.Text;
using System.Security.Cryptography;

namespace Mayfly.Packages.Python;

/// <summary>A line of the file <c>RECORD</c>: one file of a distribution; "Recording installed projects".</summary>
/// <param name="Path">From the folder of the packages, with slashes.</param>
/// <param name="Hash">Algorithm and digest, <c>sha256=…</c> in URL-safe Base64 without padding; null for what cannot have one.</param>
/// <param name="Size">In bytes; null when it is not said.</param>
public sealed record RecordEntry(string Path, string? Hash, long? Size)
{
    /// <summary>The digest of bytes, as the file has it.</summary>
    public static string HashOf(ReadOnlySpan<byte> bytes) => Hashed(SHA256.HashData(bytes));

    /// <summary>The digest of what is left in a stream.</summary>
    public static string HashOf(Stream bytes) => Hashed(SHA256.HashData(bytes));

    /// <summary>Reads the file: values with commas between them, in double quotes where they need to be (RFC 4180, as Python's csv reads it).</summary>
    /// <exception cref="MayflyException">A line has not three values, or a size that is no number.</exception>
    public static IReadOnlyList<RecordEntry> Read(string text)
    {
        List<RecordEntry> entries = [];
        foreach (var row in Rows(text))
        {
            if (row is not [{ Length: > 0 } path, var hash, var size])
                throw new MayflyException($"line {entries.Count + 1} of its RECORD has not three values");
            long? bytes = size.Length == 0 ? null : long.TryParse(size, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : throw new MayflyException($"the size of {path} in its RECORD is no number: '{size}'");
            entries.Add(new RecordEntry(path, hash.Length == 0 ? null : hash, bytes));
        }

        return entries;
    }

    /// <summary>As it is written into a file.</summary>
    public override string ToString() => $"{Quoted(Path)},{Hash},{Size}";

    private static string Hashed(byte[] digest) => $"sha256={Base64Url.EncodeToString(digest)}";

    private static string Quoted(string value) => value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static IEnumerable<List<string>> Rows(string text)
    {
        List<string> row = [];
        var value = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"' && value.Length == 0)
            {
                for (i++; ; i++)
                {
                    if (i == text.Length)
                        throw new MayflyException("a quotation mark in its RECORD has no end");
                    if (text[i] != '"')
                        value.Append(text[i]);
                    else if (i + 1 < text.Length && text[i + 1] == '"')
                        value.Append(text[i++]);
                    else
                        break;
                }
            }
            else if (c == ',')
            {
                row.Add(value.ToString());
                value.Clear();
            }
            else if (c is '\n' or '\r')
            {
                if (row.Count > 0 || value.Length > 0)
                {
                    row.Add(value.ToString());
                    yield return row;
                }

                row = [];
                value.Clear();
            }
            else
            {
                value.Append(c);
            }
        }

        if (row.Count > 0 || value.Length > 0)
        {
            row.Add(value.ToString());
            yield return row;
        }
    }
}
