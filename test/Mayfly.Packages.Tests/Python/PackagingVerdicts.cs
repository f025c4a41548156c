using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Asks the <c>packaging</c> library, which pip itself uses, for many answers at once: see <c>packaging-verdicts.py</c>.</summary>
/// <remarks><c>MAYFLY_PACKAGING_SEED</c> and <c>MAYFLY_PACKAGING_TIMES</c> make a comparison another one or a longer one.</remarks>
internal static class PackagingVerdicts
{
    public static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("MAYFLY_PACKAGING_SEED"), out var seed) ? seed : 20261126;
    public static readonly int Times = int.TryParse(Environment.GetEnvironmentVariable("MAYFLY_PACKAGING_TIMES"), out var times) ? times : 1;

    /// <summary>For messages: without escapes that nobody needs there.</summary>
    public static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One answer for each question; <see cref="JsonValueKind.Null"/> where the library refuses.</summary>
    public static IReadOnlyList<JsonElement> Of(IEnumerable<object?[]> questions) => Ask("packaging-verdicts.py", questions);

    /// <summary>One answer of a script beside this file for each question.</summary>
    public static IReadOnlyList<JsonElement> Ask(string script, IEnumerable<object> questions)
    {
        // Debian's own Python, whatever stands before it in PATH: the library belongs to it.
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Python", script)])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            foreach (var question in questions)
                process.StandardInput.WriteLine(JsonSerializer.Serialize(question));
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, and says why.
        }

        process.WaitForExit();
        return process.ExitCode == 0
            ? [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)]
            : throw new InvalidOperationException($"{script} gave no answers: {error.Result}");
    }
}
