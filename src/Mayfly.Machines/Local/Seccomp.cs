using System.Globalization;

namespace Mayfly.Machines.Local;

/// <summary>The system call filter of an instance, from the list in <c>seccomp.txt</c> and the capabilities that it keeps.</summary>
internal static class Seccomp
{
    private const string Allow = "SCMP_ACT_ALLOW", Errno = "SCMP_ACT_ERRNO";
    private const uint NotPermitted = 1, NoSuchCall = 38;
    private static readonly Lazy<string[]> Lines = new(Read);

    public static OciSeccomp For(IReadOnlyCollection<string> capabilities)
    {
        List<string> allowed = [], refused = [];
        List<OciSyscall> conditional = [];
        var section = "";
        foreach (var line in Lines.Value)
        {
            if (line is "allow" or "refuse" || line.StartsWith("with ", StringComparison.Ordinal))
                section = line;
            else if (section == "refuse")
                refused.AddRange(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            else if (section == "allow" || capabilities.Contains(section["with ".Length..]))
            {
                if (line.Contains("==", StringComparison.Ordinal))
                    conditional.Add(Conditional(line));
                else
                    allowed.AddRange(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }

        conditional.RemoveAll(call => allowed.Contains(call.Names[0]));
        return new OciSeccomp
        {
            DefaultAction = Errno,
            DefaultErrnoRet = NoSuchCall,
            Syscalls =
            [
                new OciSyscall { Names = allowed, Action = Allow },
                .. conditional,
                new OciSyscall { Names = [.. refused.Except(allowed)], Action = Errno, ErrnoRet = NotPermitted },
            ],
        };
    }

    private static OciSyscall Conditional(string line)
    {
        // NAME ARG == VALUE, or NAME ARG & MASK == VALUE
        var words = line.Split(' ');
        var argument = uint.Parse(words[1], CultureInfo.InvariantCulture);
        return new OciSyscall
        {
            Names = [words[0]],
            Action = Allow,
            Args = words[2] == "&"
                ? [new OciSyscallArgument(argument, Number(words[3]), Number(words[5]), "SCMP_CMP_MASKED_EQ")]
                : [new OciSyscallArgument(argument, Number(words[3]), null, "SCMP_CMP_EQ")],
        };
    }

    private static ulong Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : ulong.Parse(text, CultureInfo.InvariantCulture);

    private static string[] Read()
    {
        using var stream = typeof(Seccomp).Assembly.GetManifestResourceStream("seccomp.txt")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
    }
}
