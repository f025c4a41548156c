using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>A Python interpreter of the host.</summary>
public sealed record Interpreter
{
    /// <summary>Of a line that says what is wrong: another program than Python may repeat all that it was given, which is a program.</summary>
    private const int Telling = 300;

    private const string Hint = "name another one with --python, or install Python 3.8 or later (apt-get install python3)";

    /// <summary>The program itself, never that of an environment.</summary>
    public required string Executable { get; init; }

    /// <summary>Where it was installed.</summary>
    public required string Prefix { get; init; }

    public required int Major { get; init; }

    public required int Minor { get; init; }

    /// <summary>What distributions are chosen for it.</summary>
    public required PythonTarget Target { get; init; }

    /// <summary>How the headers that an environment of it has are called, and one of its programs: <c>python3.11</c>, of whatever kind it is.</summary>
    public string FolderName => $"python{Major}.{Minor}";

    /// <summary>Where an environment of it has its packages, seen from its root: <c>lib/python3.11/site-packages</c>, <c>lib/python3.13t/site-packages</c>, <c>lib/pypy3.10/site-packages</c>.</summary>
    public required string SitePackages { get; init; }

    /// <summary>Where its own library is, seen from its prefix.</summary>
    public string Library => Path.GetDirectoryName(SitePackages)!;

    /// <summary>True for CPython without the global lock (PEP 703).</summary>
    public bool IsFreeThreaded { get; init; }

    public bool IsCPython => Target.Markers.ImplementationName == "cpython";

    /// <summary>For people: <c>Python 3.11.2</c>, <c>Python 3.13.0t</c>, <c>PyPy 3.10.14</c>.</summary>
    public string Name => $"{(IsCPython ? "Python" : Target.Markers.PlatformPythonImplementation)} {Target.Markers.PythonFullVersion}{(IsFreeThreaded ? "t" : "")}";

    /// <summary>The programs that an environment of it has for it, each in <c>bin/</c>, as venv makes them: <c>python</c> is the first, and the others lead to it.</summary>
    public IReadOnlyList<string> Programs => [.. ((string[])["python", $"python{Major}", FolderName, .. IsFreeThreaded ? [$"{FolderName}t"] : (string[])[], .. Target.Markers.ImplementationName == "pypy" ? ["pypy", $"pypy{Major}"] : (string[])[]])];

    /// <summary>Asks an interpreter.</summary>
    /// <param name="program">Its path, or that of the interpreter of an environment, which stands for the one that it was made with.</param>
    /// <param name="kept">Keeps the answer as long as the program is the same, for starting it takes longer than all else; null: it is asked anew.</param>
    /// <param name="patience">How long it may take; null for what is long enough for any.</param>
    /// <exception cref="MayflyException">It is not there, does not run, or says nothing that can be read.</exception>
    public static Interpreter Ask(string program, Store? kept = null, TimeSpan? patience = null)
    {
        if (!File.Exists(program))
            throw new MayflyException(Directory.Exists(program) ? $"{program} is a folder, and no Python interpreter" : $"there is no {program}", Hint);
        var path = kept is null || Fingerprint(program) is not { } fingerprint ? null : kept.PathOf(StoreArea.Indexes, $"interpreter-{fingerprint}");
        if (path is not null && Kept(path) is { } known && File.Exists(known.Executable))
            return known;
        var answer = Answer(program, patience ?? TimeSpan.FromSeconds(30));
        var interpreter = TryRead(answer) ?? throw new MayflyException($"{program} is no Python interpreter: it does not answer as one", Hint);
        if (path is not null)
            Keep(path, answer);
        return interpreter;
    }

    /// <summary>Null when there is none, or it is not what was kept: environments would be made by what a damaged one says.</summary>
    internal static Interpreter? Kept(string path) =>
        File.Exists(path) && Checksummed.Read(File.ReadAllBytes(path)) is { } answer ? TryRead(Encoding.UTF8.GetString(answer.Span)) : null;

    /// <summary>Where there is no room for it, it is asked anew the next time.</summary>
    internal static void Keep(string path, string answer)
    {
        try
        {
            WholeFile.Write(path, file => Checksummed.Write(file, Encoding.UTF8.GetBytes(answer)));
        }
        catch (IOException e) when (HostRefusal.IsFull(e))
        {
        }
    }

    /// <summary>Of the program and of what it says of its host; null when its links lead nowhere.</summary>
    private static string? Fingerprint(string program)
    {
        var file = new FileInfo(program);
        try
        {
            file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        }
        catch (IOException)
        {
            return null; // They go in a circle.
        }

        // SHA-256 would be OpenSSL's, which takes a millisecond to load.
        return !file.Exists ? null : Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(
            $"{file.FullName}\n{file.LastWriteTimeUtc.Ticks}\n{file.Length}\n{Environment.OSVersion.Version}\n{File.ReadAllText("/proc/sys/kernel/version")}\n{Question}")));
    }

    private static string Answer(string program, TimeSpan patience)
    {
        try
        {
            var start = new ProcessStartInfo(program, ["-I", "-S", "-c", Question]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            // A message of the interpreter's may be translated; markers are not.
            start.Environment["LC_ALL"] = "C.UTF-8";
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var (error, answer) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
            if (!Task.WhenAll(error, answer).Wait(patience) || !process.WaitForExit(patience))
            {
                process.Kill(entireProcessTree: true);
                throw new MayflyException(string.Create(CultureInfo.InvariantCulture, $"{program} does not answer within {patience.TotalSeconds:0.#} seconds"), Hint);
            }

            if (process.ExitCode != 0)
                throw new MayflyException($"{program} cannot be used: {(error.Result.Trim().Split('\n') is [.., { Length: > 0 and <= Telling } last] ? last : $"it ended with exit code {process.ExitCode}")}", Hint);
            return answer.Result;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new MayflyException($"{program} cannot be started: {e.Message}", Hint, e);
        }
    }

    /// <summary>Null when no interpreter says such a thing.</summary>
    internal static Interpreter? TryRead(string answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or MayflyException)
        {
            return null;
        }
    }

    private static string Question => EmbeddedText.Of("interpreter.py");

    private static Interpreter Read(JsonElement answer)
    {
        // There are tags for every version up to this one, of the interpreter and of the C library.
        const int Largest = 256;
        if (answer.GetProperty("version").EnumerateArray().Select(static part => part.GetInt32()).ToArray() is not [> 1 and < 10 and var major, >= 0 and < Largest and var minor])
            throw new FormatException("no version of Python");
        var markers = new MarkerEnvironment
        {
            OsName = Text("os_name"),
            SysPlatform = Text("sys_platform"),
            PlatformMachine = Text("machine"),
            PlatformPythonImplementation = Text("implementation"),
            PlatformRelease = Text("release"),
            PlatformSystem = Text("system"),
            PlatformVersion = Text("system_version"),
            PythonVersion = $"{major}.{minor}",
            // One that was built between releases ends in a plus sign, which is no version yet.
            PythonFullVersion = Text("full_version") is var full && full.EndsWith('+') ? $"{full}local" : full,
            ImplementationName = Text("implementation_name"),
            ImplementationVersion = Text("implementation_version"),
        };
        var (flags, isCPython) = (Text("flags"), markers.ImplementationName == "cpython");
        var own = string.Create(CultureInfo.InvariantCulture, $"cp{major}{minor}");
        var tags = new InterpreterTags
        {
            Implementation = isCPython ? "cp" : markers.ImplementationName == "pypy" ? "pp" : markers.ImplementationName,
            Major = major,
            Minor = minor,
            // One for debugging loads what was built for others too.
            Abis = !isCPython ? Abi(Text("extension")) : flags.Contains('d', StringComparison.Ordinal) ? [$"{own}{flags}", $"{own}{flags.Replace("d", "", StringComparison.Ordinal)}"] : [$"{own}{flags}"],
            Platforms = LinuxPlatform.Tags(Machine(), Library()),
        };
        return new Interpreter { Executable = Absolute("executable"), Prefix = Absolute("base_prefix"), Major = major, Minor = minor, SitePackages = Inside("packages"), IsFreeThreaded = isCPython && flags.Contains('t', StringComparison.Ordinal), Target = new PythonTarget(markers, tags.All()) };

        // .pypy39-pp73-x86_64-linux-gnu.so is built for pypy39_pp73.
        static string[] Abi(string extension) => extension.Split('.') is ["", var name, _, ..] ? [string.Join('_', name.Split('-').Take(2)).ToLowerInvariant()] : [];

        string Text(string name) => answer.GetProperty(name).GetString() ?? throw new FormatException($"{name} is nothing");

        string Absolute(string name) => Text(name) is ['/', ..] path && !path.Contains('\0', StringComparison.Ordinal) ? path : throw new FormatException($"{name} is no path");

        string Inside(string name) => Text(name) is var path && path.Split('/') is [_, _, ..] parts && parts.All(static part => part is not ("" or "." or "..") && !part.Any(char.IsControl)) ? path : throw new FormatException($"{name} is no folder of an environment");

        // A 32-bit interpreter may run on a 64-bit kernel; PEP 425 has the platform from sysconfig then.
        string Machine() => Text("platform").Split('-', 2) is ["linux", var machine] ? (machine, answer.GetProperty("bits").GetInt32()) switch { ("x86_64", 32) => "i686", ("aarch64", 32) => "armv7l", _ => machine.Replace('-', '_') } : Text("machine");

        CLibrary? Library() => answer.GetProperty("library").GetString()?.Split(' ') is ["glibc", var version] && version.Split('.') is [var first, var second, ..] && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var one) && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var two) && two < Largest
            ? new CLibrary(false, one, two) : null;
    }
}
