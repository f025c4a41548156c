using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Mayfly.Tests.Shared.Licences;

/// <summary>The host's own interpreter, where Debian's modules are.</summary>
internal static class Python
{
    /// <summary>Gives the texts to a program as JSON; the lines that it prints.</summary>
    public static string[] Run(string program, IReadOnlyList<string> texts)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", program]) { RedirectStandardInput = true, RedirectStandardOutput = true, StandardInputEncoding = new UTF8Encoding(false) };
        using var python = Process.Start(start)!;
        var output = python.StandardOutput.ReadToEndAsync();
        python.StandardInput.Write(JsonSerializer.Serialize(texts));
        python.StandardInput.Close();
        var lines = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        python.WaitForExit();
        Assert.Equal(0, python.ExitCode);
        return lines;
    }
}
