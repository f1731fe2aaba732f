"""Small files as other programs write them, for the importers: tests/goldens/import.

Needs python-docx, reportlab, pypdf and pyarrow. The Parquet files are the same bytes on the same versions; the others
carry no dates.
"""
import datetime
import json
import pathlib

import docx
import pyarrow as pa
import pyarrow.parquet as pq
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

OUT = pathlib.Path(__file__).resolve().parents[2] / 'tests/goldens/import'
LEFT = [f'Left {i}: the river rises in the hills and flows past the mill.' for i in range(1, 9)]
RIGHT = [f'Right {i}: the harbour lies where the river meets the sea.' for i in range(1, 9)]


def word():
    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = datetime.datetime(2026, 1, 1)
    document.add_heading('Pelhaven handbook', 0)
    document.add_paragraph('The town lies on the coast. Über 3000 people live there.')
    document.add_heading('The harbour', 1)
    document.add_paragraph('Boats land fish <every> morning & evening.')
    document.add_paragraph('Herring', style='List Bullet')
    document.add_paragraph('Mackerel', style='List Bullet')
    document.add_heading('Fees', 2)
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, [('Boat', 'Fee'), ('Cutter', '12 crowns')]):
        for cell, text in zip(row.cells, cells):
            cell.text = text
    document.save(OUT / 'handbook.docx')


def two_columns():
    """Two pages of two columns under a title; a word broken at a line's end."""
    page = canvas.Canvas(str(OUT / 'two-columns.pdf'), pagesize=A4, invariant=1)
    page.setTitle('Of rivers')
    for number in (1, 2):
        page.setFont('Helvetica-Bold', 20)
        page.drawString(60, 780, f'Of rivers and harbours, part {number}')
        page.setFont('Helvetica', 8)
        y = 740
        # Row by row, as some programs write: the order in the file is not that of reading.
        for left, right in zip(LEFT, RIGHT):
            page.drawString(60, y, left)
            page.drawString(310, y, right)
            y -= 11
        page.drawString(60, y, 'Here the column ends with a sen-')
        page.drawString(60, y - 11, 'tence that was broken in a word.')
        page.showPage()
    page.save()


def flowed():
    """Paragraphs as a text program sets them, over three pages, with headings."""
    styles = getSampleStyleSheet()
    story = []
    for chapter in range(1, 4):
        story.append(Paragraph(f'Chapter {chapter}', styles['Heading1']))
        for i in range(1, 9):
            story.append(Paragraph(f'Paragraph {chapter}.{i} begins here. ' + 'It goes on with many words. ' * 20, styles['BodyText']))
    template = BaseDocTemplate(str(OUT / 'flowed.pdf'), pagesize=A4, invariant=1, title='Flowed')
    template.addPageTemplates(PageTemplate(frames=[Frame(60, 60, 475, 720)]))
    template.build(story)


def no_text():
    page = canvas.Canvas(str(OUT / 'scanned.pdf'), pagesize=A4, invariant=1)
    page.rect(100, 100, 200, 200, fill=1)
    page.showPage()
    page.save()


def locked():
    writer = PdfWriter(clone_from=PdfReader(OUT / 'scanned.pdf'))
    writer.encrypt('secret', algorithm='RC4-128')
    writer.write(OUT / 'locked.pdf')


def parquet():
    chats = [
        [
            {'role': 'user', 'content': f'What is {i} and {i}? ö'},
            {'role': 'assistant', 'content': f'{2 * i}'},
        ]
        for i in range(1000)
    ]
    table = pa.table({
        'messages': pa.array(chats, pa.list_(pa.struct([('role', pa.string()), ('content', pa.string())]))),
        'source': pa.array([f'sums, {i // 100}' for i in range(1000)]),
        'tags': pa.array([['sum', 'even' if i % 2 == 0 else 'odd'] for i in range(1000)], pa.list_(pa.string())),
        'n': pa.array(range(1000), pa.int64()),
    })
    pq.write_table(table, OUT / 'chats-snappy.parquet', compression='snappy', row_group_size=300)
    pq.write_table(table, OUT / 'chats-zstd.parquet', compression='zstd', data_page_version='2.0', row_group_size=400)
    pairs = pa.table({
        'question': [f'Question {i}?' if i % 10 else None for i in range(50)],
        'answer': [f'Answer {i}.' for i in range(50)],
        'weight': [i / 2 for i in range(50)],
    })
    for codec in ('none', 'gzip', 'brotli', 'lz4'):
        pq.write_table(pairs, OUT / f'pairs-{codec}.parquet', compression=codec)
    (OUT / 'chats.json').write_text(json.dumps({'rows': 1000, 'first': chats[0], 'last': chats[-1]}, ensure_ascii=False) + '\n')


OUT.mkdir(parents=True, exist_ok=True)
word()
two_columns()
flowed()
no_text()
locked()
parquet()
