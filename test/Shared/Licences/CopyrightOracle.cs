using System.Text.Json;

namespace Mayfly.Tests.Shared.Licences;

/// <summary>What python3-debian reads in copyright files, the reader that Debian's own tools use.</summary>
internal static class CopyrightOracle
{
    // Its text reader ends lines at more characters than the format knows (form feeds, U+2028), so callers put blanks there first.
    private const string Program = """
        import json, logging, sys
        from debian import copyright
        logging.disable(logging.CRITICAL)
        def paragraph(p):
            files = list(p.files) if isinstance(p, copyright.FilesParagraph) else []
            kind = 'Header' if isinstance(p, copyright.Header) else 'Files' if isinstance(p, copyright.FilesParagraph) else 'Licence'
            licence = p.license
            return {'Kind': kind, 'Files': files, 'Licence': licence.synopsis.strip() if licence else None, 'Text': licence.text if licence else ''}
        for text in json.load(sys.stdin):
            try:
                read = copyright.Copyright(text.splitlines(True), strict=False)
                print(json.dumps({'Paragraphs': [paragraph(p) for p in read]}))
            except Exception as e:
                print(json.dumps({'Refused': type(e).__name__ + ': ' + str(e)}))
        """;

    /// <summary>One document a text: its paragraphs, or why it was refused.</summary>
    public static IReadOnlyList<JsonDocument> Read(IReadOnlyList<string> texts)
    {
        var lines = Python.Run(Program, texts);
        Assert.Equal(texts.Count, lines.Length);
        return [.. lines.Select(static line => JsonDocument.Parse(line))];
    }
}
