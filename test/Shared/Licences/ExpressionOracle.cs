using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Mayfly.Tests.Shared.Licences;

/// <summary>What python3-license-expression, the parser of SPDX's own tools, says of licence expressions: of their form, for its list of identifiers is older than ours.</summary>
internal static class ExpressionOracle
{
    private const string Program = """
        import json, sys
        from license_expression import get_spdx_licensing
        licensing = get_spdx_licensing()
        for text in json.load(sys.stdin):
            try:
                licensing.parse(text)
            except Exception as e:
                print(json.dumps(text + ': ' + str(e)))
        """;

    /// <summary>Those that are no expressions, with the reason.</summary>
    public static IReadOnlyList<string> Refused(IReadOnlyList<string> expressions)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Program]) { RedirectStandardInput = true, RedirectStandardOutput = true, StandardInputEncoding = new UTF8Encoding(false) };
        using var python = Process.Start(start)!;
        var output = python.StandardOutput.ReadToEndAsync();
        python.StandardInput.Write(JsonSerializer.Serialize(expressions));
        python.StandardInput.Close();
        var lines = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        python.WaitForExit();
        Assert.Equal(0, python.ExitCode);
        return [.. lines.Select(static line => JsonSerializer.Deserialize<string>(line)!)];
    }
}
