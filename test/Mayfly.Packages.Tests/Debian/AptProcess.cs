using System.Diagnostics;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A process that asks apt's library for one answer after another, with its cache open all the time: see <c>apt-steps.py</c>.</summary>
internal sealed class AptProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _said;

    private readonly bool _recommends;

    public AptProcess(IEnumerable<string> options, bool recommends)
    {
        _recommends = recommends;
        // Debian's own Python, whatever stands before it in PATH: the binding belongs to it.
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Debian/apt-steps.py"), .. options, $"APT::Install-Recommends={recommends}"])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        _process = Process.Start(start)!;
        _said = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>As <see cref="HostArchive.Simulate"/>, without the configuring that follows all unpacking.</summary>
    public IReadOnlyList<(string Verb, string Name, string Version)>? Ask(IReadOnlyList<string> requests)
    {
        _process.StandardInput.WriteLine(string.Join(' ', requests));
        _process.StandardInput.Flush();
        var steps = new List<(string, string, string)>();
        string? instead = null;
        while (_process.StandardOutput.ReadLine() is var line && line is not "")
        {
            if (line is null)
                throw new InvalidOperationException($"apt's library gave no answer: {_said.Result}");
            if (line.Split(' ') is [var verb, var name, var version])
                steps.Add((verb, name, version));
            else
                instead = line;
        }

        if (instead is null)
            return steps;
        return instead == "ask" ? HostArchive.Simulate(HostArchive.Base.Packages, requests, _recommends) : null;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
