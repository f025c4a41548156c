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
        var lines = Python.Run(Program, expressions);
        return [.. lines.Select(static line => JsonSerializer.Deserialize<string>(line)!)];
    }
}
