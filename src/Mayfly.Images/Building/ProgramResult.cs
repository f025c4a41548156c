namespace Mayfly.Images.Building;

/// <summary>How a program inside a root ended.</summary>
/// <param name="Output">The last lines it printed, both streams in one.</param>
/// <param name="Call">How it was started.</param>
internal sealed record ProgramResult(int ExitCode, string Output, ProgramCall Call);

/// <summary>How a program inside a root was started.</summary>
/// <param name="Layers">Folders that were mounted, lowest first; the last one takes what is written.</param>
/// <param name="Shims">The folder, beside them, of what lies over all but the last one.</param>
/// <param name="Arguments">By the root's own paths.</param>
/// <param name="Environment">All of it.</param>
/// <param name="WorkingDirectory">Inside the root.</param>
internal sealed record ProgramCall(IReadOnlyList<string> Layers, string Shims, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory);

/// <summary>The end of a program's output; a failing script's reason stands there, and nothing may grow without limit.</summary>
internal sealed class OutputTail
{
    private const int MostLines = 60, MostCharacters = 400;

    private readonly Queue<string> _lines = [];
    private readonly Lock _lock = new();
    private int _dropped;

    public string Text
    {
        get
        {
            lock (_lock)
                return (_dropped > 0 ? $"(… {_dropped} earlier lines)\n" : "") + string.Join('\n', _lines);
        }
    }

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Enqueue(line.Length > MostCharacters ? line[..MostCharacters] + "…" : line);
            if (_lines.Count <= MostLines)
                return;
            _lines.Dequeue();
            _dropped++;
        }
    }
}
