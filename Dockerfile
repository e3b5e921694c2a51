# One image for the app and for every node of the cluster: they must run the same program at the same place.
FROM python:3.12-slim
WORKDIR /opt/sentiment-lab
COPY . .
RUN pip install --no-cache-dir '.[cluster]' \
    && rm -rf build *.egg-info \
    && useradd --create-home lab \
    && install --directory --owner lab /data
USER lab
ENV SENTIMENT_HOME=/data PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0
VOLUME /data
EXPOSE 8501
CMD ["sentiment-lab", "app", "--headless", "--address", "0.0.0.0"]
